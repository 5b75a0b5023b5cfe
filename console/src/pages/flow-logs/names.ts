/**
 * The names of topics and gateways that flow logs name by id.
 *
 * Hides: that a filter of the API takes five ids, so that a page may need several questions.
 * Knows nothing of: how names are shown.
 */

import { useQueries, useQuery } from '@tanstack/react-query'
import { ask, askAll } from '../../api/ask'
import type { Schema } from '../../api/client'
import { useRegion } from '../../shell/region'

export type Names = { topics: ReadonlyMap<string, string>; gateways: ReadonlyMap<string, string> }

/** The most values that a filter of the API takes. */
const FILTER_VALUES_MAX = 5

/** Every gateway of the region. */
export function useGateways() {
  const region = useRegion()
  return useQuery(askAll('vpc', 'DescribeNatGateways', {}, region, answer => answer.NatGatewaySet))
}

/** Names by id; a name that is not known yet, or no more, is absent. */
export function useNames(flowLogs: readonly Schema<'FlowLog'>[]): Names {
  const region = useRegion()
  const gateways = useGateways()
  const topics = useQueries({
    queries: topicQuestions(flowLogs).map(({ ids, topicRegion }) =>
      ask('cls', 'DescribeTopics', { Filters: [{ Key: 'topicId', Values: ids }] }, topicRegion ?? region),
    ),
    combine: answers => new Map(answers.flatMap(({ data }) => data?.Topics ?? []).map(nameOfTopic)),
  })
  return {
    topics,
    gateways: new Map(gateways.data?.map(one => [one.NatGatewayId, one.NatGatewayName])),
  }
}

function nameOfTopic({ TopicId, TopicName }: Schema<'Topic'>): [string, string] {
  return [TopicId, TopicName]
}

type Question = { ids: string[]; topicRegion: string | undefined }

/** Which topics to ask for, region by region, no more at once than the API takes. */
export function topicQuestions(flowLogs: readonly Schema<'FlowLog'>[]): Question[] {
  const existing = flowLogs.filter(({ CloudLogState }) => CloudLogState !== 'DELETED')
  const regions = [...new Set(existing.map(({ CloudLogRegion }) => CloudLogRegion))]
  return regions.flatMap(region => {
    const inRegion = existing.filter(({ CloudLogRegion }) => CloudLogRegion === region)
    const ids = [...new Set(inRegion.map(({ CloudLogId }) => CloudLogId))].sort()
    const count = Math.ceil(ids.length / FILTER_VALUES_MAX)
    return Array.from({ length: count }, (_, at) => ({
      ids: ids.slice(at * FILTER_VALUES_MAX, (at + 1) * FILTER_VALUES_MAX),
      topicRegion: region || undefined,
    }))
  })
}
