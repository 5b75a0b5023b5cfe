import { expect, test } from 'vitest'
import { completionAt, unknownFields } from './completion'
import { placeOfBytes } from './place'
import { nearest } from './spelling'

const FIELDS = ['srcaddr', 'action', 'log-status']

/** Completes where `^` stands. */
function check(marked: string, expected: string) {
  const cursor = marked.indexOf('^')
  const query = marked.replace('^', '')
  const { from, candidates } = completionAt(query, cursor, FIELDS)
  const typed = query.slice(from, cursor)
  const fitting = candidates.filter(({ label }) => label.toLowerCase().startsWith(typed.toLowerCase()))
  expect(fitting.map(({ written }) => written.trim()).join(' ')).toBe(expected)
}

test('an empty query offers fields', () => {
  check('^', 'NOT srcaddr: action: log-status:')
})

test('after a condition come operators and fields', () => {
  check('action:ACCEPT ^', 'AND OR NOT srcaddr: action: log-status:')
  check('action:ACCEPT a^', 'AND action:')
})

test('after a colon come the values of the field', () => {
  check('action:^', 'ACCEPT REJECT')
  check('action:(ACCEPT OR r^', 'REJECT')
  check('protocol:ic^', 'icmp icmpv6')
  check('srcaddr:^', '')
})

test('after the pipe comes SQL, with quotes where SQL wants them', () => {
  check('* | SELECT log^', '"log-status"')
  check('* | SELECT approx_d^', 'approx_distinct(')
})

test('an unknown field is found in the search only', () => {
  const unknown = unknownFields('dst_prot:1 AND action:ACCEPT | SELECT nothing FROM x', FIELDS)
  expect(unknown.map(token => token.text)).toEqual(['dst_prot'])
})

test('a slip finds its neighbour and a stranger finds none', () => {
  expect(nearest('log_status', FIELDS)).toBe('log-status')
  expect(nearest('acton', FIELDS)).toBe('action')
  expect(nearest('colour', FIELDS)).toBeUndefined()
})

test('a place in bytes is a place in the text', () => {
  expect(placeOfBytes('规则 dst_prot:1', 7, 8)).toEqual({ from: 3, to: 11 })
  expect(placeOfBytes('a |', 3, 0)).toEqual({ from: 2, to: 3 })
  expect(placeOfBytes('', 0, 0)).toEqual({ from: 0, to: 0 })
})
