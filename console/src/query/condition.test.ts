import { expect, test } from 'vitest'
import { type Condition, withCondition } from './condition'

function check(query: string, condition: string, expected: string) {
  expect(withCondition(query, read(condition))).toBe(expected)
}

/** Reads `+field value` and `-field value`. */
function read(text: string): Condition {
  const [field = '', ...value] = text.slice(1).split(' ')
  return { field, value: value.join(' '), wanted: text.startsWith('+') ? 'include' : 'exclude' }
}

test('the first condition stands alone', () => {
  check('', '+action REJECT', 'action:REJECT')
  check(' * ', '-action REJECT', 'NOT action:REJECT')
})

test('a further condition is joined by AND', () => {
  check('srcaddr:10.0.0.1', '+dstport 443', 'srcaddr:10.0.0.1 AND dstport:443')
})

test('a search with OR outside parentheses is put into parentheses', () => {
  check('a:1 OR b:2', '+c 3', '(a:1 OR b:2) AND c:3')
  check('(a:1 OR b:2) x', '+c 3', '(a:1 OR b:2) x AND c:3')
})

test('the same condition is not repeated', () => {
  check('a:1 AND dstport:443', '+dstport 443', 'a:1 AND dstport:443')
  check('NOT dstport:443 a:1', '-dstport 443', 'NOT dstport:443 a:1')
})

test('the opposite condition is replaced', () => {
  check('a:1 NOT dstport:443', '+dstport 443', 'a:1 AND dstport:443')
  check('dstport:443', '-dstport 443', 'NOT dstport:443')
})

test('SQL stays behind the pipe', () => {
  check('| SELECT count(*)', '+action REJECT', 'action:REJECT | SELECT count(*)')
  check('a:1 | SELECT count(*)', '+action REJECT', 'a:1 AND action:REJECT | SELECT count(*)')
})

test('a value that is more than a word is quoted', () => {
  check('', '+reject-rule drop "all" *', 'reject-rule:"drop \\"all\\" \\*"')
  check('', '+dstaddr 2001:db8::1', 'dstaddr:2001:db8::1')
  check('', '+reject-rule and', 'reject-rule:"and"')
  check('', '+instance-id ', 'instance-id:""')
})
