import { expect, test } from 'vitest'
import type { Schema } from '../../api/client'
import { topicQuestions } from './names'

function storedIn(CloudLogId: string, CloudLogRegion = '', CloudLogState = 'SUCCESS') {
  return { CloudLogId, CloudLogRegion, CloudLogState } as Schema<'FlowLog'>
}

test('topics are asked for once each, five at a time', () => {
  const flowLogs = ['f', 'b', 'a', 'c', 'e', 'd', 'a'].map(id => storedIn(id))
  expect(topicQuestions(flowLogs)).toEqual([
    { ids: ['a', 'b', 'c', 'd', 'e'], topicRegion: undefined },
    { ids: ['f'], topicRegion: undefined },
  ])
})

test('a topic is asked for in its own region, and not at all once it is deleted', () => {
  const flowLogs = [storedIn('a', 'eu'), storedIn('b', 'ap'), storedIn('c', 'ap', 'DELETED')]
  expect(topicQuestions(flowLogs)).toEqual([
    { ids: ['a'], topicRegion: 'eu' },
    { ids: ['b'], topicRegion: 'ap' },
  ])
})
