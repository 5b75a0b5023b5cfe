/**
 * The gateways of a region, and how their agents are.
 *
 * Hides: how gateways come here; their agents enrol them.
 * Knows nothing of: records.
 */

import { useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ask } from '../../api/ask'
import type { Schema } from '../../api/client'
import { Page } from '../../shell/page'
import { useRegion } from '../../shell/region'
import { ForAdmins, useMayChange } from '../../shell/role'
import { LinkButton } from '../../ui/button'
import { Code, Empty, Named, Pager, Pending, Status } from '../../ui/marks'
import { ErrorNotice } from '../../ui/notice'
import { Cell, Column, Row, Table } from '../../ui/table'
import { useTimeWords } from '../../words/time'
import { useWords } from '../../words/words'

const PAGE_SIZE = 20

/** How often the state of the agents is asked for. Unit: milliseconds. */
const REFRESH = 15_000

export function GatewaysPage() {
  const { gateways } = useWords()
  const region = useRegion()
  const { page = '1' } = useSearch({ from: '/shell/gateways' })
  const navigate = useNavigate()
  const offset = (Number(page) - 1) * PAGE_SIZE
  const answer = useQuery({
    ...ask('vpc', 'DescribeNatGateways', { Limit: PAGE_SIZE, Offset: offset }, region),
    refetchInterval: REFRESH,
  })
  const mayChange = useMayChange()
  const add = <LinkButton to="/account">{gateways.add}</LinkButton>
  return (
    <Page title={gateways.title} lead={gateways.lead} actions={<ForAdmins>{add}</ForAdmins>}>
      {answer.error && <ErrorNotice error={answer.error} retry={answer.refetch} />}
      {answer.isPending && <Pending />}
      {answer.data?.TotalCount === 0 && (
        <Empty title={gateways.emptyTitle}>
          <p>{gateways.emptyBody}</p>
          {mayChange && add}
        </Empty>
      )}
      {answer.data && answer.data.TotalCount > 0 && (
        <GatewayTable gateways={answer.data.NatGatewaySet} now={answer.dataUpdatedAt} />
      )}
      {answer.data && answer.data.TotalCount > 0 && (
        <Pager
          page={Number(page)}
          pageSize={PAGE_SIZE}
          total={answer.data.TotalCount}
          onPage={(next, replace) =>
            void navigate({ to: '/gateways', search: { region, page: String(next) }, replace })
          }
        />
      )}
    </Page>
  )
}

type GatewayTableProps = { gateways: readonly Schema<'NatGateway'>[]; now: number }

function GatewayTable({ gateways, now }: GatewayTableProps) {
  const words = useWords().gateways
  const { columns } = words
  return (
    <Table
      label={words.table}
      columns={
        <>
          <Column id="name" isRowHeader>
            {columns.name}
          </Column>
          <Column id="state">{columns.state}</Column>
          <Column id="lastSeen">{columns.lastSeen}</Column>
          <Column id="addresses">{columns.addresses}</Column>
          <Column id="interfaces">{columns.interfaces}</Column>
          <Column id="window" align="number">
            {columns.window}
          </Column>
          <Column id="agent">{columns.agent}</Column>
          <Column id="actions" align="end">
            {columns.actions}
          </Column>
        </>
      }
    >
      {gateways.map(gateway => (
        <GatewayRow key={gateway.NatGatewayId} gateway={gateway} now={now} />
      ))}
    </Table>
  )
}

function GatewayRow({ gateway, now }: { gateway: Schema<'NatGateway'>; now: number }) {
  const { common, gateways, newFlowLog } = useWords()
  const { moment, ago } = useTimeWords()
  const mayChange = useMayChange()
  const { columns } = gateways
  const { LastSeen, State, NatGatewayId, NatGatewayName, AgentVersion, WindowSeconds } = gateway
  return (
    <Row id={NatGatewayId} textValue={NatGatewayName}>
      <Cell>
        <Named name={NatGatewayName} id={NatGatewayId} />
      </Cell>
      <Cell label={columns.state}>
        <Status tone={State === 'AVAILABLE' ? 'good' : 'warn'}>
          {State === 'AVAILABLE' ? gateways.states.AVAILABLE : gateways.states.UNAVAILABLE}
        </Status>
        {(gateway.Degraded ?? []).map(({ What, Says, Mend }) => (
          <div key={What} title={[Says, Mend].join('\n')}>
            <Status tone="warn">{gateways.degraded[What as keyof typeof gateways.degraded] ?? Says}</Status>
          </div>
        ))}
      </Cell>
      <Cell label={columns.lastSeen}>
        {LastSeen === 0 ? common.never : <span title={moment(LastSeen)}>{ago(LastSeen, now)}</span>}
      </Cell>
      <Cell label={columns.addresses}>
        <Lines lines={gateway.PublicIpAddressSet.map(address => address.PublicIpAddress)} />
      </Cell>
      <Cell label={columns.interfaces}>
        <Lines lines={gateway.InterfaceSet.map(({ Name, Addresses }) => [Name, ...Addresses].join(' '))} />
      </Cell>
      <Cell label={columns.window} align="number">
        {newFlowLog.seconds(WindowSeconds)}
      </Cell>
      <Cell label={columns.agent}>
        {AgentVersion === '' ? gateways.unknownAgent : `${AgentVersion} ${gateway.Source ?? ''}`}
      </Cell>
      <Cell align="end">
        {mayChange && (
          <LinkButton icon="plus" to="/flow-logs" search={{ open: 'new', gateway: NatGatewayId }}>
            {gateways.newFlowLog}
          </LinkButton>
        )}
      </Cell>
    </Row>
  )
}

/** How many addresses or interfaces a row shows before it counts the rest. */
const LINES_SHOWN = 3

function Lines({ lines }: { lines: readonly string[] }) {
  const { flowLogs, gateways } = useWords()
  if (lines.length === 0) return gateways.noAddress
  const hidden = lines.slice(LINES_SHOWN)
  return (
    <span title={lines.join('\n')}>
      {lines.slice(0, LINES_SHOWN).map(line => (
        <div key={line}>
          <Code>{line}</Code>
        </div>
      ))}
      {hidden.length > 0 && flowLogs.tagMore(hidden.length)}
    </span>
  )
}
