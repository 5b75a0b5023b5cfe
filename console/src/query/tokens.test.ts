import { expect, test } from 'vitest'
import { tokens } from './tokens'

function check(query: string, expected: string) {
  expect(
    tokens(query)
      .map(token => `${token.kind}=${token.text}`)
      .join(' '),
  ).toBe(expected)
}

test('a name before a colon or a sign is a field', () => {
  check('srcaddr:10.0.0.1 bytes>=100', 'field=srcaddr colon=: value=10.0.0.1 field=bytes sign=>= value=100')
})

test('values of a group have no fields', () => {
  check(
    'action:(ACCEPT OR REJECT) tcp',
    'field=action colon=: bracket=( value=ACCEPT operator=OR value=REJECT bracket=) value=tcp',
  )
})

test('an IPv6 address is a value with and without a field', () => {
  check('2001:db8::1', 'value=2001:db8::1')
  check('dstaddr:2001:db8::/32', 'field=dstaddr colon=: value=2001:db8::/32')
})

test('a range is one token', () => {
  check('dstport:[1 TO 1023]', 'field=dstport colon=: range=[1 TO 1023]')
})

test('a pipe in quotes starts no SQL', () => {
  check(
    'reject-rule:"a | b" | SELECT count(*)',
    [
      'field=reject-rule colon=: quoted="a | b" pipe=|',
      'sql-word=SELECT sql-function=count sql-mark=( sql-mark=* sql-mark=)',
    ].join(' '),
  )
})

test('SQL has names in double and texts in single quotes', () => {
  check(
    `* | SELECT "log-status" WHERE action = 'it''s' LIMIT 5`,
    [
      `value=* pipe=| sql-word=SELECT sql-name="log-status" sql-word=WHERE sql-name=action`,
      `sql-mark== sql-text='it''s' sql-word=LIMIT sql-number=5`,
    ].join(' '),
  )
})

test('an open quote reaches to the end', () => {
  check('a "b c', 'value=a quoted="b c')
})

test('tokens of any text stand in order and do not overlap', () => {
  const pieces = [
    'a',
    ':',
    '"',
    "'",
    '\\',
    '(',
    ')',
    '|',
    ' ',
    '>',
    '=',
    '[',
    '!',
    '节',
    '/',
    '*',
    '10.0.0.1',
    'TO',
  ]
  for (let seed = 1; seed < 2000; seed += 1) {
    const query = Array.from(
      { length: 12 },
      (_, index) => pieces[(seed * (index + 7) ** 2) % pieces.length],
    ).join('')
    let end = 0
    for (const token of tokens(query)) {
      expect(token.from, query).toBeGreaterThanOrEqual(end)
      expect(token.to, query).toBeGreaterThan(token.from)
      expect(query.slice(token.from, token.to)).toBe(token.text)
      end = token.to
    }
    expect(end).toBeLessThanOrEqual(query.length)
  }
})
