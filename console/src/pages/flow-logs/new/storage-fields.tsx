/** Where a flow log stores: logset and topic, each existing, new or the system's default. */

import { useQuery } from '@tanstack/react-query'
import { askAll } from '../../../api/ask'
import { useRegion } from '../../../shell/region'
import { TextField } from '../../../ui/field'
import { sayError } from '../../../ui/notice'
import { Select } from '../../../ui/select'
import { useWords } from '../../../words/words'
import { FOR_EVER, NEW, RETENTIONS, SYSTEM } from './draft'
import styles from './form.module.css'
import type { FormPart } from './new-flow-log-dialog'

export function StorageFields(props: FormPart) {
  const { draft, change, say } = props
  const words = useWords()
  const { newFlowLog } = words
  const region = useRegion()
  const logsets = useQuery(askAll('cls', 'DescribeLogsets', {}, region, answer => answer.Logsets))
  const options = [
    { id: SYSTEM, label: newFlowLog.systemDefault, note: newFlowLog.systemDefaultHelp },
    ...(logsets.data ?? []).map(({ LogsetId, LogsetName, TopicCount }) => ({
      id: LogsetId,
      label: LogsetName,
      note: newFlowLog.topicCount(TopicCount),
    })),
    { id: NEW, label: newFlowLog.newLogset },
  ]
  // Of an existing logset one chooses a topic; elsewhere the system's default is the likely wish.
  const choose = (logset: string) => {
    const isExisting = logset !== SYSTEM && logset !== NEW
    change({ logset, topic: isExisting ? null : SYSTEM })
  }
  return (
    <>
      <div className={styles.pair}>
        <Select
          label={newFlowLog.logset}
          options={options}
          selected={draft.logset}
          onSelect={choose}
          help={draft.logset === SYSTEM ? newFlowLog.systemDefaultHelp : undefined}
          wrong={logsets.error ? sayError(logsets.error, words) : undefined}
        />
        <Topic {...props} />
      </div>
      {draft.logset === NEW && (
        <TextField
          label={newFlowLog.logsetName}
          value={draft.logsetName}
          onChange={logsetName => change({ logsetName })}
          wrong={say('logsetName')}
        />
      )}
      {draft.logset !== SYSTEM && draft.topic === NEW && <NewTopic {...props} />}
    </>
  )
}

function Topic({ draft, change, say }: FormPart) {
  const words = useWords()
  const { newFlowLog } = words
  const region = useRegion()
  const { logset } = draft
  const isExisting = logset !== SYSTEM && logset !== NEW
  const ofLogset = { Filters: [{ Key: 'logsetId', Values: [logset] }] }
  const topics = useQuery({
    ...askAll('cls', 'DescribeTopics', ofLogset, region, answer => answer.Topics),
    enabled: isExisting,
  })
  const existing = isExisting ? (topics.data ?? []) : []
  const options = [
    { id: SYSTEM, label: newFlowLog.systemDefault, note: newFlowLog.systemTopicHelp },
    ...existing.map(({ TopicId, TopicName, Period }) => ({
      id: TopicId,
      label: TopicName,
      note: retentionName(newFlowLog, String(Period)),
    })),
    { id: NEW, label: newFlowLog.newTopic },
  ]
  return (
    <Select
      label={newFlowLog.topic}
      placeholder={newFlowLog.chooseTopic}
      options={options}
      selected={logset === SYSTEM ? SYSTEM : draft.topic}
      onSelect={topic => change({ topic })}
      isDisabled={logset === SYSTEM}
      help={logset !== SYSTEM && draft.topic === SYSTEM ? newFlowLog.systemTopicHelp : undefined}
      wrong={say('topic') ?? (topics.error ? sayError(topics.error, words) : undefined)}
    />
  )
}

function NewTopic({ draft, change, say }: FormPart) {
  const { newFlowLog } = useWords()
  return (
    <div className={styles.pair}>
      <TextField
        label={newFlowLog.topicName}
        help={newFlowLog.newTopicHelp}
        value={draft.topicName}
        onChange={topicName => change({ topicName })}
        wrong={say('topicName')}
      />
      <Select
        label={newFlowLog.retention}
        options={RETENTIONS.map(id => ({ id, label: retentionName(newFlowLog, id) }))}
        selected={draft.retention}
        onSelect={retention => change({ retention })}
      />
    </div>
  )
}

function retentionName(
  { days, forever }: { days(days: number): string; forever: string },
  retention: string,
): string {
  return retention === FOR_EVER ? forever : days(Number(retention))
}
