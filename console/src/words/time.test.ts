import { expect, test } from 'vitest'
import { momentOf, timeWords } from './time'

const NOW = Date.UTC(2026, 10, 25, 9, 0, 0)

test('the API writes moments in UTC+8', () => {
  expect(momentOf('2026-11-25 17:00:00')).toBe(NOW)
})

test('what is not a moment is none', () => {
  expect(momentOf('0000-00-00 00:00:00')).toBeUndefined()
})

test.each([
  [NOW, 'now'],
  [NOW - 59_000, '59 seconds ago'],
  [NOW - 119_000, '1 minute ago'],
  [NOW - 7_200_000, '2 hours ago'],
  [NOW - 90_000_000, 'yesterday'],
  [NOW + 5000, 'now'],
])('%o is said as %o', (at, expected) => {
  expect(timeWords('en').ago(at, NOW)).toBe(expected)
})

test('a moment is said with its date, in 24 hours', () => {
  expect(timeWords('en', 'UTC').moment(NOW)).toBe('25 Nov 2026, 09:00:00')
  expect(timeWords('zh-CN', 'Asia/Shanghai').moment(NOW)).toBe('2026年11月25日 17:00:00')
})
