/** What a flow log watches: the scope, the resource that fits it, and which conversations. */

import { LinkButton } from '../../../ui/button'
import { Choice } from '../../../ui/choice'
import { TextField } from '../../../ui/field'
import { Notice, sayError } from '../../../ui/notice'
import { Select } from '../../../ui/select'
import { useWords } from '../../../words/words'
import { useGateways } from '../names'
import { SCOPES, TYPES } from './draft'
import styles from './form.module.css'
import type { FormPart } from './new-flow-log-dialog'

type Props = FormPart & { serverSays: string | undefined }

export function ResourceFields(props: Props) {
  const { draft, change } = props
  const { flowLogs, newFlowLog } = useWords()
  return (
    <>
      <div className={styles.pair}>
        <Select
          label={newFlowLog.scope}
          options={SCOPES.map(id => ({ id, label: flowLogs.scopes[id], note: newFlowLog.scopeHelp[id] }))}
          selected={draft.scope}
          onSelect={scope => change({ scope })}
        />
        <Resource {...props} />
      </div>
      <Choice
        label={newFlowLog.type}
        options={TYPES.map(id => ({ id, label: flowLogs.types[id] }))}
        selected={draft.type}
        onSelect={type => change({ type })}
        help={newFlowLog.typeHelp[draft.type]}
      />
    </>
  )
}

function Resource(props: Props) {
  const { draft, change, say, serverSays } = props
  const { newFlowLog } = useWords()
  switch (draft.scope) {
    case 'NAT':
      return <Gateway {...props} />
    case 'NETWORKINTERFACE':
      return (
        <>
          <Gateway {...props} serverSays={undefined} />
          <Interface {...props} />
        </>
      )
    case 'VPC':
    case 'SUBNET':
    case 'CCN':
      return (
        <TextField
          code
          label={newFlowLog.resource[draft.scope]}
          help={newFlowLog.resourceHelp[draft.scope]}
          value={draft.resource}
          onChange={resource => change({ resource })}
          wrong={say('resource') ?? serverSays}
        />
      )
  }
}

function Gateway({ draft, change, say, serverSays }: Props) {
  const words = useWords()
  const { newFlowLog } = words
  const gateways = useGateways()
  if (gateways.data?.length === 0) {
    return (
      <Notice tone="warn">
        <p>{newFlowLog.noGateways}</p>
        <LinkButton to="/account">{newFlowLog.addGateway}</LinkButton>
      </Notice>
    )
  }
  const options = (gateways.data ?? []).map(({ NatGatewayId, NatGatewayName }) => ({
    id: NatGatewayId,
    label: NatGatewayName,
    note: NatGatewayId,
  }))
  return (
    <Select
      label={newFlowLog.gateway}
      placeholder={newFlowLog.chooseGateway}
      options={options}
      selected={draft.gateway}
      onSelect={gateway => change({ gateway, interfaceName: '' })}
      wrong={say('gateway') ?? serverSays ?? (gateways.error ? sayError(gateways.error, words) : undefined)}
    />
  )
}

function Interface({ draft, change, say, serverSays }: Props) {
  const { newFlowLog } = useWords()
  const gateways = useGateways()
  const gateway = gateways.data?.find(({ NatGatewayId }) => NatGatewayId === draft.gateway)
  if (gateway !== undefined && gateway.InterfaceSet.length === 0) {
    return (
      <TextField
        code
        label={newFlowLog.interface}
        help={newFlowLog.noInterfaces}
        value={draft.interfaceName}
        onChange={interfaceName => change({ interfaceName })}
        wrong={say('interfaceName') ?? serverSays}
      />
    )
  }
  return (
    <Select
      label={newFlowLog.interface}
      placeholder={newFlowLog.chooseInterface}
      options={(gateway?.InterfaceSet ?? []).map(({ Name, Addresses }) => ({
        id: Name,
        label: Name,
        note: Addresses.join(', '),
      }))}
      selected={draft.interfaceName === '' ? null : draft.interfaceName}
      onSelect={interfaceName => change({ interfaceName })}
      isDisabled={gateway === undefined}
      wrong={say('interfaceName') ?? serverSays}
    />
  )
}
