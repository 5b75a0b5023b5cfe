import { expect, test } from 'vitest'
import { readSignInSearch } from './address'

test.each([
  ['/flow-logs?region=eu', '/flow-logs?region=eu'],
  ['https://evil.example/', undefined],
  ['//evil.example/', undefined],
  ['/\\evil.example/', undefined],
  ['javascript:alert(1)', undefined],
])('after signing in, %o leads to %o', (next, expected) => {
  expect(readSignInSearch({ next }).next).toBe(expected)
})
