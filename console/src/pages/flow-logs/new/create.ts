/**
 * Carries out an order: what it needs first, then the flow log itself.
 *
 * Hides: that a new topic is three operations, and that a second try finds what the first has made.
 * Knows nothing of: the form.
 */

import { call, type Schema } from '../../../api/client'
import type { Order, Storage } from './draft'

/** What was made on the way to a flow log; it stays when a later step fails. */
export type Made = { logset: string; topic?: string }

/** Creates the flow log, and before it logset, topic and index if they are new; tells `onMade` each time. */
export async function createFlowLog(
  { flowLog, storage }: Order,
  region: string | undefined,
  onMade: (made: Made) => void,
): Promise<Schema<'FlowLog'>> {
  const topic = await topicOf(storage, region, onMade)
  const request = topic === undefined ? flowLog : { ...flowLog, CloudLogId: topic }
  const answer = await call('vpc', 'CreateFlowLog', request, { region })
  const [created] = answer.FlowLog
  if (created === undefined) throw new Error('the server created no flow log, though it said so')
  return created
}

async function topicOf(
  storage: Storage,
  region: string | undefined,
  onMade: (made: Made) => void,
): Promise<string | undefined> {
  switch (storage.kind) {
    case 'system':
      return undefined
    case 'topic':
      return storage.topicId
    case 'newTopic': {
      const logset = await logsetOf(storage.logset, region)
      onMade({ logset })
      const topic = await newTopic(logset, storage, region)
      onMade({ logset, topic })
      return topic
    }
  }
}

async function logsetOf(
  logset: { id: string } | { name: string },
  region: string | undefined,
): Promise<string> {
  if ('id' in logset) return logset.id
  const { LogsetId } = await call('cls', 'CreateLogset', { LogsetName: logset.name }, { region })
  return LogsetId
}

/** Makes a topic with its index. Nobody could search a topic without one, so both come to be, or neither. */
async function newTopic(
  logset: string,
  { topicName, retentionDays }: { topicName: string; retentionDays: number },
  region: string | undefined,
): Promise<string> {
  const Rule = await indexOfAllFields()
  const request = { LogsetId: logset, TopicName: topicName, Period: retentionDays }
  const { TopicId } = await call('cls', 'CreateTopic', request, { region })
  try {
    await call('cls', 'CreateIndex', { TopicId, Rule }, { region })
  } catch (error) {
    // The first failure is the one to tell; a topic that could not be taken back shows in the list of topics.
    await call('cls', 'DeleteTopic', { TopicId }, { region }).catch(() => undefined)
    throw error
  }
  return TopicId
}

/** What separates words in full text. Source: the published log service. */
const DELIMITERS = '@&?|#()=\'",;:<>[]{}/ \n\t\r\\'

/** Every field of a record can be searched and counted, as in a topic of the system default. */
async function indexOfAllFields(): Promise<Schema<'IndexRule'>> {
  const { Fields } = await call('natlens', 'DescribeFields', {})
  const keys = Fields.map(({ Name, Kind }) => ({
    Key: Name,
    Value: { Type: Kind === 'long' ? 'long' : 'text', Tokenizer: '', SqlFlag: true },
  }))
  return {
    FullText: { CaseSensitive: false, Tokenizer: DELIMITERS },
    KeyValue: { CaseSensitive: false, KeyValues: keys },
  }
}
