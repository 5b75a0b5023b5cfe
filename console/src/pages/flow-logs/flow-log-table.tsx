/**
 * One page of flow logs as a table.
 *
 * Hides: where the names of topics and gateways come from; a flow log names them by id.
 * Knows nothing of: which page it is.
 */

import { Link } from '@tanstack/react-router'
import type { Schema } from '../../api/client'
import { useRegion } from '../../shell/region'
import { useMayChange } from '../../shell/role'
import { LinkButton } from '../../ui/button'
import { Code, Named, Status, Tags } from '../../ui/marks'
import { Cell, Column, Row, type SortDescriptor, Table } from '../../ui/table'
import { momentOf, useTimeWords } from '../../words/time'
import { useWords } from '../../words/words'
import type { FlowLogsSearch } from './address'
import { FlowLogMenu } from './flow-log-menu'
import styles from './flow-logs-page.module.css'
import { type Names, useNames } from './names'

type FlowLog = Schema<'FlowLog'>

export type FlowLogTableProps = {
  flowLogs: readonly FlowLog[]
  search: FlowLogsSearch
  onSort(change: FlowLogsSearch): void
}

export function FlowLogTable({ flowLogs, search, onSort }: FlowLogTableProps) {
  const words = useWords().flowLogs
  const names = useNames(flowLogs)
  const { columns } = words
  const sort: SortDescriptor = {
    column: search.order ?? 'created',
    direction: search.direction ?? 'descending',
  }
  const sortBy = ({ column, direction }: SortDescriptor) =>
    onSort({
      order: column === 'name' ? 'name' : undefined,
      direction: direction === 'ascending' ? 'ascending' : undefined,
    })
  return (
    <Table
      label={words.table}
      sort={sort}
      onSort={sortBy}
      columns={
        <>
          <Column id="name" isRowHeader allowsSorting>
            {columns.name}
          </Column>
          <Column id="status">{columns.status}</Column>
          <Column id="scope">{columns.scope}</Column>
          <Column id="resource">{columns.resource}</Column>
          <Column id="type">{columns.type}</Column>
          <Column id="storage">{columns.storage}</Column>
          <Column id="created" allowsSorting>
            {columns.created}
          </Column>
          <Column id="tags">{columns.tags}</Column>
          <Column id="actions" align="end">
            {columns.actions}
          </Column>
        </>
      }
    >
      {flowLogs.map(flowLog => (
        <FlowLogRow key={flowLog.FlowLogId} flowLog={flowLog} names={names} />
      ))}
    </Table>
  )
}

function FlowLogRow({ flowLog, names }: { flowLog: FlowLog; names: Names }) {
  const words = useWords().flowLogs
  const { day, moment } = useTimeWords()
  const { columns } = words
  const requestRegion = useRegion()
  const mayChange = useMayChange()
  const region = flowLog.CloudLogRegion || requestRegion
  const created = momentOf(flowLog.CreatedTime)
  const topic = { topic: flowLog.CloudLogId }
  const hasTopic = flowLog.CloudLogState !== 'DELETED'
  return (
    <Row id={flowLog.FlowLogId} textValue={flowLog.FlowLogName}>
      <Cell>
        <span title={flowLog.FlowLogDescription}>
          <Named name={flowLog.FlowLogName} id={flowLog.FlowLogId} />
        </span>
      </Cell>
      <Cell label={columns.status}>
        <FlowLogStatus flowLog={flowLog} />
      </Cell>
      <Cell label={columns.scope}>{wordFor(words.scopes, flowLog.ResourceType)}</Cell>
      <Cell label={columns.resource}>
        <Resource id={flowLog.ResourceId} name={names.gateways.get(flowLog.ResourceId)} />
      </Cell>
      <Cell label={columns.type}>{wordFor(words.types, flowLog.TrafficType)}</Cell>
      <Cell label={columns.storage}>
        {hasTopic ? (
          <Link to="/topics/$topic/search" params={topic} search={{ region }}>
            {names.topics.get(flowLog.CloudLogId) ?? flowLog.CloudLogId}
          </Link>
        ) : (
          <span title={flowLog.CloudLogId}>
            <Code>{`${flowLog.CloudLogId.slice(0, 8)}…`}</Code>
          </span>
        )}
      </Cell>
      <Cell label={columns.created}>
        {created !== undefined && (
          <time className={styles.day} dateTime={new Date(created).toISOString()} title={moment(created)}>
            {day(created)}
          </time>
        )}
      </Cell>
      <Cell label={columns.tags}>{flowLog.TagSet.length > 0 && <Tags tags={flowLog.TagSet} />}</Cell>
      <Cell align="end">
        <span className={styles.actions}>
          {hasTopic && (
            <LinkButton
              to="/topics/$topic/search"
              params={topic}
              search={{ region }}
              aria-label={words.viewRecords(flowLog.FlowLogName)}
            >
              {words.view}
            </LinkButton>
          )}
          {mayChange && <FlowLogMenu flowLog={flowLog} />}
        </span>
      </Cell>
    </Row>
  )
}

function FlowLogStatus({ flowLog: { CloudLogState, Enable } }: { flowLog: FlowLog }) {
  const { status } = useWords().flowLogs
  if (CloudLogState === 'DELETED') return <Status tone="bad">{status.noTopic}</Status>
  if (!Enable) return <Status tone="idle">{status.paused}</Status>
  return <Status tone="good">{status.collecting}</Status>
}

function Resource({ id, name }: { id: string; name: string | undefined }) {
  return name === undefined ? <Code>{id}</Code> : <Named name={name} id={id} />
}

/** The server's word in the reader's language; a word that is new to this page stands as it is. */
function wordFor(names: Record<string, string>, word: string): string {
  return names[word] ?? word
}
