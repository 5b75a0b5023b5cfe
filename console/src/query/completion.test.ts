import { expect, test } from 'vitest'
import { completionAt, fitting, unknownFields } from './completion'
import { placeOfBytes } from './place'
import { plainMessage } from './refusal'
import { nearest } from './spelling'

const FIELDS = ['srcaddr', 'action', 'log-status'].map(Name => ({ Name, Kind: 'text' }))

test('in the middle of a query the word before the cursor is completed', () => {
  const { from, candidates } = completionAt('act AND srcaddr:10.0.0.1', 3, FIELDS)
  expect(from).toBe(0)
  expect(fitting('act', candidates).map(({ text }) => text)).toEqual(['action:'])
})

test('values of a list are those of its field, however deep it is nested', () => {
  const { candidates } = completionAt('(action:(ACCEPT OR ', 19, FIELDS)
  expect(candidates.map(({ text }) => text)).toEqual(['ACCEPT', 'REJECT', '*'])
})

test('an unknown field is found in the search only', () => {
  const unknown = unknownFields('dst_prot:1 AND action:ACCEPT | SELECT nothing FROM x', FIELDS)
  expect(unknown.map(token => token.text)).toEqual(['dst_prot'])
})

test('a slip finds its neighbour and a stranger finds none', () => {
  const names = FIELDS.map(({ Name }) => Name)
  expect(nearest('log_status', names)).toBe('log-status')
  expect(nearest('acton', names)).toBe('action')
  expect(nearest('colour', names)).toBeUndefined()
})

test.each([
  ['SyntaxError[1:20 a condition is missing at the end]', 'a condition is missing at the end'],
  ['QueryError[number_format_exception.`abc` is not a whole number]', '`abc` is not a whole number'],
  ['QueryError[verification_exception.1:8 there is no column `x`]', 'there is no column `x`'],
  ['topic [x] is gone', 'topic [x] is gone'],
])('the server says %s and means %s', (message, plain) => {
  expect(plainMessage(message)).toBe(plain)
})

test('a place in bytes is a place in the text', () => {
  expect(placeOfBytes('规则 dst_prot:1', 7, 8)).toEqual({ from: 3, to: 11 })
  expect(placeOfBytes('* | SELECT nonsense, 1', 11, 0)).toEqual({ from: 11, to: 19 })
  expect(placeOfBytes('a |', 3, 0)).toEqual({ from: 2, to: 3 })
  expect(placeOfBytes('', 0, 0)).toEqual({ from: 0, to: 0 })
})
