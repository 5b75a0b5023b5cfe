/**
 * The columns of the record table: three that join fields, and one for every field.
 *
 * Hides: which fields a column shows, how wide it is, how its values are written.
 * Knows nothing of: React, the order in which the address lists columns.
 */

import { bytes, count, endpoint, isIcmp, moment, protocolName, tcpFlags } from './format'
import type { FoundRecord } from './record'

export type Column = {
  /** Its name in the address. */
  name: string
  /** The fields that it shows; empty for the time of the record. */
  fields: readonly string[]
  /** Numbers stand at the right. */
  align: 'start' | 'end'
  /** Unit: the width of a digit. */
  widthCh: number
}

/** The columns that are not simply a field. */
export const JOINED_COLUMNS: readonly Column[] = [
  { name: 'time', fields: [], align: 'start', widthCh: 25 },
  { name: 'source', fields: ['srcaddr', 'srcport'], align: 'start', widthCh: 23 },
  { name: 'destination', fields: ['dstaddr', 'dstport'], align: 'start', widthCh: 23 },
  { name: 'translated', fields: ['natsrcaddr', 'natsrcport'], align: 'start', widthCh: 23 },
]

const WIDTHS_CH: Record<string, number> = {
  protocol: 9,
  packets: 10,
  bytes: 11,
  action: 25,
  'log-status': 11,
  version: 9,
  srcport: 9,
  dstport: 9,
  natsrcport: 11,
  natdstport: 11,
  srcaddr: 18,
  dstaddr: 18,
  natsrcaddr: 18,
  natdstaddr: 18,
  'flow-id': 20,
  'reject-rule': 32,
  'start-ms': 25,
  'end-ms': 25,
  'flow-start': 25,
}

const NUMBERS: ReadonlySet<string> = new Set([
  'packets',
  'bytes',
  'reply-packets',
  'reply-bytes',
  'lost',
  'srcport',
  'dstport',
  'natsrcport',
  'natdstport',
  'version',
  'dst-asn',
])

/** The column of that name; every other name is a field. Records of one day need no day beside their time. */
export function columnNamed(name: string, oneDay = false): Column {
  const joined = JOINED_COLUMNS.find(column => column.name === name)
  if (joined && name === 'time' && oneDay) return { ...joined, widthCh: 15 }
  const align = NUMBERS.has(name) ? 'end' : 'start'
  return joined ?? { name, fields: [name], align, widthCh: WIDTHS_CH[name] ?? 16 }
}

/** What a cell says; `undefined` when the record has no such value. */
export function cellText(column: Column, record: FoundRecord, language: string): string | undefined {
  const [first, second] = column.fields
  if (first === undefined) return moment(record.time)
  const value = record.fields.get(first)
  if (value === undefined) return undefined
  if (second === undefined) return fieldText(first, value, language)
  // ICMP has no ports: the fields hold an identifier, type and code.
  const port = isIcmp(record.fields.get('protocol')) ? undefined : record.fields.get(second)
  return endpoint(value, port)
}

/** A value of a field as people read it; the same text when there is nothing to add. */
export function fieldText(field: string, value: string, language: string): string {
  switch (field) {
    case 'protocol':
      return protocolName(value)
    case 'bytes':
    case 'reply-bytes':
      return bytes(Number(value))
    case 'packets':
    case 'reply-packets':
    case 'lost':
      return count(Number(value), language)
    case 'start':
    case 'end':
      return moment(Number(value) * 1000).slice(0, 19)
    case 'start-ms':
    case 'end-ms':
    case 'flow-start':
      return moment(Number(value))
    case 'tcp-flags':
      return tcpFlags(Number(value))
    default:
      return value
  }
}

/** Numbers that name something, such as ports and moments, rather than count it. */
const NAMING =
  /^(?:version|srcport|dstport|natsrcport|natdstport|protocol|dst-asn|tcp-flags|start|end|start-ms|end-ms|flow-start)$/

/** Whether numbers of that name are amounts, and are written with separators. */
export function isAmount(name: string): boolean {
  return !NAMING.test(name.replaceAll('_', '-'))
}

/** The columns with `name` taken out, or put last. */
export function toggled(columns: readonly string[], name: string): string[] {
  return columns.includes(name) ? columns.filter(column => column !== name) : [...columns, name]
}
