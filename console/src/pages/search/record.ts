/**
 * A record as the page shows it: its fields by name, and a place to find it again.
 *
 * Hides: that fields travel as JSON in a text.
 * Knows nothing of: columns, languages.
 */

import type { Schema } from '../../api/client'

/** One record of an answer. */
export type FoundRecord = {
  /** Unit: Unix milliseconds. */
  time: number
  place: RecordPlace
  gateway: string
  fields: ReadonlyMap<string, string>
}

/** `<time>.<id>`: names a record in the address. */
export type RecordPlace = string

/** The record of an answer. */
export function recordOf(record: Schema<'LogRecord'>): FoundRecord {
  return {
    time: record.Time,
    place: `${record.Time}.${record.PkgLogId}`,
    gateway: record.HostName === '' ? record.Source : record.HostName,
    fields: new Map(Object.entries(objectOf(record.LogJson)).map(([name, value]) => [name, textOf(value)])),
  }
}

/** The time in a place; `undefined` when it is none. Unit: Unix milliseconds. */
export function timeOfPlace(place: RecordPlace): number | undefined {
  const time = Number(/^(\d+)\./.exec(place)?.[1] ?? Number.NaN)
  return Number.isSafeInteger(time) ? time : undefined
}

/** The object in a JSON text; empty when it holds none. */
export function objectOf(json: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(json)
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch {
    return {}
  }
}

/** A JSON value as a person reads it. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
