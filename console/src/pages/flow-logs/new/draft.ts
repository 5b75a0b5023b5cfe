/**
 * A flow log while it is being written: what the form holds, and what it takes to become an order.
 *
 * Hides: which fields count under which choice, and the limits of the API.
 * Knows nothing of: components, words and the server.
 */

import type { Schema } from '../../../api/client'
import type { Words } from '../../../words/words'
import { NAME_LENGTH_MAX } from '../address'

export const SCOPES = ['NAT', 'NETWORKINTERFACE', 'VPC', 'SUBNET', 'CCN'] as const
export type Scope = (typeof SCOPES)[number]

export const TYPES = ['ALL', 'ACCEPT', 'REJECT'] as const
export type CollectionType = (typeof TYPES)[number]

/** Unit: days; 3640 is for ever. */
export const RETENTIONS = ['7', '30', '90', '180', '365', '1095', '3600', '3640'] as const
export const FOR_EVER = '3640'

/** Stands for "system default" where otherwise an id stands. */
export const SYSTEM = 'system'
/** Stands for "a new one" where otherwise an id stands. */
export const NEW = 'new'

const DESCRIPTION_LENGTH_MAX = 512
const STORAGE_NAME_LENGTH_MAX = 255
const TAGS_MAX = 50
const TAG_KEY_LENGTH_MAX = 127
const TAG_VALUE_LENGTH_MAX = 255

/** All that the form holds; what a choice makes meaningless is kept, for when the choice is taken back. */
export type Draft = {
  name: string
  scope: Scope
  gateway: string | null
  interfaceName: string
  /** Of the scopes `VPC`, `SUBNET` and `CCN`. */
  resource: string
  type: CollectionType
  /** `SYSTEM`, `NEW` or an id. */
  logset: string
  logsetName: string
  /** `SYSTEM`, `NEW` or an id; null before one is chosen. */
  topic: string | null
  topicName: string
  retention: (typeof RETENTIONS)[number]
  description: string
  tags: readonly Tag[]
}

/** `row` tells lines of the form apart. */
export type Tag = { row: number; key: string; value: string }

/** What the server is asked for. */
export type Order = {
  flowLog: Omit<Schema<'CreateFlowLogRequest'>, 'CloudLogId'>
  storage: Storage
}

export type Storage =
  | { kind: 'system' }
  | { kind: 'topic'; topicId: string }
  | { kind: 'newTopic'; logset: { id: string } | { name: string }; topicName: string; retentionDays: number }

export type WrongWord = keyof Words['newFlowLog']['wrong']

/** What is wrong, by the field that says so. Tags are named by their row. */
export type Wrong = {
  [Field in
    | 'name'
    | 'description'
    | 'gateway'
    | 'interfaceName'
    | 'resource'
    | 'logsetName'
    | 'topic'
    | 'topicName'
    | 'tags']?: WrongWord | undefined
} & { tagRows?: ReadonlyMap<number, WrongWord> }

export function emptyDraft(gateway: string | undefined): Draft {
  return {
    name: '',
    scope: 'NAT',
    gateway: gateway ?? null,
    interfaceName: '',
    resource: '',
    type: 'ALL',
    logset: SYSTEM,
    logsetName: '',
    topic: SYSTEM,
    topicName: '',
    retention: '30',
    description: '',
    tags: [],
  }
}

/** The order that the draft is, or what is wrong with it. */
export function orderOf(draft: Draft): { order: Order } | { wrong: Wrong } {
  const wrong = wrongWith(draft)
  if (isAnythingWrong(wrong)) return { wrong }
  const name = draft.name.trim()
  return {
    order: {
      flowLog: {
        FlowLogName: name,
        ResourceType: draft.scope,
        ResourceId: resourceOf(draft),
        TrafficType: draft.type,
        StorageType: 'cls',
        ...(draft.description === '' ? {} : { FlowLogDescription: draft.description }),
        ...(draft.tags.length === 0
          ? {}
          : { Tags: draft.tags.map(tag => ({ Key: tag.key, Value: tag.value })) }),
      },
      storage: storageOf(draft, name),
    },
  }
}

function wrongWith(draft: Draft): Wrong {
  return {
    name: wrongName(draft.name),
    description: wrongDescription(draft.description),
    ...wrongResource(draft),
    ...wrongStorage(draft),
    tags: draft.tags.length > TAGS_MAX ? 'tooManyTags' : undefined,
    tagRows: wrongTags(draft.tags),
  }
}

function isAnythingWrong({ tagRows, ...fields }: Wrong): boolean {
  return Object.values(fields).some(word => word !== undefined) || (tagRows?.size ?? 0) > 0
}

export function wrongName(name: string): WrongWord | undefined {
  if (name.trim() === '') return 'nameMissing'
  return lengthOf(name.trim()) > NAME_LENGTH_MAX ? 'nameTooLong' : undefined
}

export function wrongDescription(description: string): WrongWord | undefined {
  return lengthOf(description) > DESCRIPTION_LENGTH_MAX ? 'descriptionTooLong' : undefined
}

function wrongResource({ scope, gateway, interfaceName, resource }: Draft): Wrong {
  switch (scope) {
    case 'NAT':
      return { gateway: gateway === null ? 'gatewayMissing' : undefined }
    case 'NETWORKINTERFACE':
      return {
        gateway: gateway === null ? 'gatewayMissing' : undefined,
        interfaceName: interfaceName.trim() === '' ? 'interfaceMissing' : undefined,
      }
    case 'VPC':
    case 'SUBNET':
    case 'CCN':
      return { resource: resource.trim() === '' ? 'resourceMissing' : undefined }
  }
}

function resourceOf({ scope, gateway, interfaceName, resource }: Draft): string {
  switch (scope) {
    case 'NAT':
      return gateway ?? ''
    case 'NETWORKINTERFACE':
      return interfaceName.trim()
    case 'VPC':
    case 'SUBNET':
    case 'CCN':
      return resource.trim()
  }
}

function wrongStorage({ logset, logsetName, topic, topicName }: Draft): Wrong {
  if (logset === SYSTEM) return {}
  return {
    logsetName: logset === NEW ? wrongStorageName(logsetName, 'logsetNameMissing') : undefined,
    topic: topic === null ? 'topicMissing' : undefined,
    topicName: topic === NEW ? wrongStorageName(topicName, 'topicNameMissing') : undefined,
  }
}

function wrongStorageName(name: string, missing: WrongWord): WrongWord | undefined {
  if (name.trim() === '') return missing
  if (name.includes('|')) return 'noBar'
  return lengthOf(name.trim()) > STORAGE_NAME_LENGTH_MAX ? 'storageNameTooLong' : undefined
}

function storageOf(draft: Draft, name: string): Storage {
  const { logset, topic } = draft
  if (logset === SYSTEM || topic === null) return { kind: 'system' }
  if (topic !== SYSTEM && topic !== NEW) return { kind: 'topic', topicId: topic }
  const isOwnName = topic === NEW
  return {
    kind: 'newTopic',
    logset: logset === NEW ? { name: draft.logsetName.trim() } : { id: logset },
    // As the server does it for its own default: a topic has no bar in its name.
    topicName: isOwnName ? draft.topicName.trim() : name.replaceAll('|', '_'),
    retentionDays: Number(isOwnName ? draft.retention : '30'),
  }
}

function wrongTags(tags: readonly Tag[]): ReadonlyMap<number, WrongWord> {
  const wrong = new Map<number, WrongWord>()
  const seen = new Set<string>()
  for (const { row, key, value } of tags) {
    if (key === '') wrong.set(row, 'tagKeyMissing')
    else if (seen.has(key)) wrong.set(row, 'tagKeyTwice')
    else if (lengthOf(key) > TAG_KEY_LENGTH_MAX || lengthOf(value) > TAG_VALUE_LENGTH_MAX)
      wrong.set(row, 'tagTooLong')
    seen.add(key)
  }
  return wrong
}

/** Unit: characters as people count them, which is how the server counts. */
function lengthOf(text: string): number {
  return [...text].length
}
