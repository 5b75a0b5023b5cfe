import { expect, test } from 'vitest'
import { parseSearch, readCommonSearch, stringifySearch } from './address'

test('what is written into an address is read from it', () => {
  const search = { region: 'ap-guangzhou', name: '10', query: 'srcport:80 AND "a|b" & 100%' }
  expect(parseSearch(stringifySearch(search))).toEqual(search)
})

test('a text that looks like a number stays a text', () => {
  expect(parseSearch('?name=007')).toEqual({ name: '007' })
})

test('absent and empty values leave no trace', () => {
  expect(stringifySearch({ region: undefined, name: '' })).toBe('')
})

test.each([
  ['ap-guangzhou', { region: 'ap-guangzhou' }],
  ['<script>', {}],
  ['', {}],
  [undefined, {}],
])('the region %o is read as %o', (region, expected) => {
  expect(readCommonSearch({ region })).toEqual(expected)
})
