/** Holds the console to the cases that specify the query language: `fixtures/query/*.golden`. */

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { completionAt, fitting, type KnownField, unknownFields } from './completion'
import { partsOf } from './condition'
import { fieldName, tokens } from './tokens'

const FOLDER = join(import.meta.dirname, '../../../fixtures/query')

/** One query of the files with what the server says of it. */
type Case = { file: string; query: string; answers: Map<string, string> }

const CASES = readdirSync(FOLDER)
  .filter(file => file.endsWith('.golden'))
  .flatMap(casesOf)

/** The fields of records, as the completion of an empty condition lists them; numbers are those that offer signs. */
const FIELDS = fieldsOf(CASES)

test('the files are there', () => {
  expect(CASES.length).toBeGreaterThan(80)
  expect(FIELDS.length).toBeGreaterThan(40)
})

test('every field of an understood query is seen, and none is called unknown', () => {
  for (const { file, query, answers } of cqlCases()) {
    const parsed = answers.get('parsed')
    if (parsed === undefined) continue
    const seen = new Set(
      tokens(query)
        .filter(({ kind }) => kind === 'field')
        .map(fieldName),
    )
    const meant = FIELDS.filter(({ Name }) => withoutTexts(parsed).split(/[ ()]/).includes(Name))
    for (const { Name } of meant) expect(seen, `${file}: ${query}`).toContain(Name)
    expect(unknownFields(query, FIELDS), `${file}: ${query}`).toEqual([])
  }
})

test('SQL starts at the same pipe', () => {
  for (const { file, query, answers } of cqlCases()) {
    if (!answers.has('parsed')) continue
    const explained = answers.get('explain')
    const sql = explained === undefined ? answers.get('sql') : `explain ${explained}`
    expect(partsOf(query).sql?.replace(/\s+/g, ' '), `${file}: ${query}`).toBe(sql?.replace(/\s+/g, ' '))
  }
})

test('a field that the server does not know is underlined before it is asked', () => {
  const unknown = cqlCases().flatMap(({ query, answers }) => {
    const found = /^1:(\d+) Cannot search on field \[([^\]]+)\]/.exec(answers.get('error') ?? '')
    return found === null ? [] : [{ query, column: Number(found[1]), name: found[2] }]
  })
  expect(unknown.length).toBeGreaterThan(2)
  for (const { query, column, name } of unknown) {
    const [first] = unknownFields(query, FIELDS)
    expect([first?.text, (first?.from ?? 0) + 1], query).toEqual([name, column])
  }
})

test('what is offered is what the server offers', () => {
  const typed = CASES.filter(({ answers }) => answers.has('offers'))
  expect(typed.length).toBeGreaterThan(10)
  for (const { query, answers } of typed) {
    const { from, candidates } = completionAt(query, query.length, FIELDS)
    const offered = fitting(query.slice(from), candidates).map(({ text }) => text)
    const place = `in place of ${JSON.stringify(query.slice(from))}: ${offered.join('  ')}`
    expect(offered.length === 0 ? 'nothing' : place, query).toBe(answers.get('offers'))
  }
})

function cqlCases(): Case[] {
  return CASES.filter(({ answers }) => !answers.has('offers') && !answers.has('lucene'))
}

function casesOf(file: string): Case[] {
  const cases: Case[] = []
  let last: string | undefined
  for (const line of readFileSync(join(FOLDER, file), 'utf8').split('\n')) {
    const keyword = line.slice(0, 9).trim()
    const text = line.slice(9)
    const current = cases.at(-1)
    if (keyword === 'query' || keyword === 'typed' || keyword === 'lucene') {
      const answers = new Map(keyword === 'lucene' ? [['lucene', '']] : [])
      cases.push({ file, query: text.replaceAll('␣', ' '), answers })
    } else if (line.startsWith('         ') && current !== undefined && last === 'query') {
      current.query += `\n${text}`
      continue
    } else if (line.startsWith('         ') && current !== undefined && last !== undefined) {
      current.answers.set(last, `${current.answers.get(last)}\n${text}`)
      continue
    } else if (keyword !== '' && !keyword.startsWith('#')) {
      current?.answers.set(keyword, text)
    }
    last = keyword
  }
  return cases
}

function fieldsOf(cases: readonly Case[]): KnownField[] {
  const all = cases.find(({ query, answers }) => query === 'NOT ' && answers.has('offers'))
  const names = [...(all?.answers.get('offers') ?? '').matchAll(/(\S+):(?= )/g)].map(([, name]) => name ?? '')
  return names
    .filter(name => name !== 'of' && name !== '""')
    .map(Name => ({ Name, Kind: Name === 'bytes' || Name === 'dstport' ? 'long' : 'text' }))
}

/** A tree without what stands in quotes, where names mean nothing. */
function withoutTexts(tree: string): string {
  return tree.replace(/"(?:[^"\\]|\\.)*"/g, '')
}
