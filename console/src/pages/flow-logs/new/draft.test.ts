import { describe, expect, test } from 'vitest'
import { type Draft, emptyDraft, NEW, orderOf, SYSTEM } from './draft'

const GATEWAY = 'nat-1a2b3c4d'
const GOOD: Draft = { ...emptyDraft(GATEWAY), name: 'edge' }

function order(change: Partial<Draft>) {
  const result = orderOf({ ...GOOD, ...change })
  if ('wrong' in result) throw new Error(`wrong: ${JSON.stringify(result.wrong)}`)
  return result.order
}

/** Only what is wrong, by field. */
function wrong(change: Partial<Draft>) {
  const result = orderOf({ ...GOOD, ...change })
  if ('order' in result) return {}
  const { tagRows, ...fields } = result.wrong
  const named = Object.fromEntries(Object.entries(fields).filter(([, word]) => word !== undefined))
  return tagRows?.size ? { ...named, tagRows: Object.fromEntries(tagRows) } : named
}

test('a name and a gateway are enough', () => {
  expect(order({})).toEqual({
    flowLog: {
      FlowLogName: 'edge',
      ResourceType: 'NAT',
      ResourceId: GATEWAY,
      TrafficType: 'ALL',
      StorageType: 'cls',
    },
    storage: { kind: 'system' },
  })
})

describe('the resource is the one of the scope', () => {
  const all = { gateway: GATEWAY, interfaceName: 'eth0', resource: 'vpc-1' }
  test.each([
    ['NAT', GATEWAY],
    ['NETWORKINTERFACE', 'eth0'],
    ['VPC', 'vpc-1'],
    ['SUBNET', 'vpc-1'],
    ['CCN', 'vpc-1'],
  ] as const)('%s watches %s', (scope, expected) => {
    expect(order({ ...all, scope }).flowLog.ResourceId).toBe(expected)
  })
})

describe('where it is stored', () => {
  test.each<[string, Partial<Draft>, unknown]>([
    ['the system decides', { logset: SYSTEM, topic: 'left-over' }, { kind: 'system' }],
    ['an existing topic', { logset: 'ls', topic: 'tp' }, { kind: 'topic', topicId: 'tp' }],
    [
      'a new topic of an existing logset',
      { logset: 'ls', topic: NEW, topicName: ' office ', retention: '90' },
      { kind: 'newTopic', logset: { id: 'ls' }, topicName: 'office', retentionDays: 90 },
    ],
    [
      'a default topic of a new logset has the name of the flow log',
      { logset: NEW, logsetName: 'branch', topic: SYSTEM, name: 'a|b', retention: '90' },
      { kind: 'newTopic', logset: { name: 'branch' }, topicName: 'a_b', retentionDays: 30 },
    ],
  ])('%s', (_, change, expected) => {
    expect(order(change).storage).toEqual(expected)
  })
})

describe('what is wrong is said at its field', () => {
  test.each<[Partial<Draft>, unknown]>([
    [{ name: '  ' }, { name: 'nameMissing' }],
    [{ name: 'n'.repeat(61) }, { name: 'nameTooLong' }],
    [{ description: 'd'.repeat(513) }, { description: 'descriptionTooLong' }],
    [{ gateway: null }, { gateway: 'gatewayMissing' }],
    [
      { scope: 'NETWORKINTERFACE', gateway: null },
      { gateway: 'gatewayMissing', interfaceName: 'interfaceMissing' },
    ],
    [{ scope: 'SUBNET', gateway: null }, { resource: 'resourceMissing' }],
    [{ logset: 'ls', topic: null }, { topic: 'topicMissing' }],
    [
      { logset: NEW, topic: NEW, logsetName: 'a|b' },
      { logsetName: 'noBar', topicName: 'topicNameMissing' },
    ],
    [
      {
        tags: [
          { row: 1, key: 'team', value: '' },
          { row: 2, key: 'team', value: 'net' },
          { row: 3, key: '', value: 'x' },
        ],
      },
      { tagRows: { 2: 'tagKeyTwice', 3: 'tagKeyMissing' } },
    ],
  ])('%o is %o', (change, expected) => {
    expect(wrong(change)).toEqual(expected)
  })
})

test('sixty characters are sixty characters in every script', () => {
  expect(wrong({ name: '流'.repeat(60) })).toEqual({})
  expect(wrong({ name: '🙂'.repeat(60) })).toEqual({})
})

test('a tag may have an empty value', () => {
  expect(order({ tags: [{ row: 1, key: 'pii', value: '' }] }).flowLog.Tags).toEqual([
    { Key: 'pii', Value: '' },
  ])
})
