import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from '../../state/address'
import { parametersOf, readSearchParameters, viewOf } from './address'
import { barsOf, highest, intervalFor, snapped } from './buckets'
import { columnNamed, fieldText, isAmount, toggled } from './columns'
import { csvOf } from './csv'
import { bytes, decimal, endpoint, icmpMessage, protocolName, shortMoment, tcpFlags } from './format'
import { relativeRange, resolved, shifted, zoomedOut } from './range'
import { recordOf } from './record'

/** The address that is written after `address` was read. */
function rewritten(address: string): string {
  return stringifySearch(readSearchParameters(parseSearch(address)))
}

test.each([
  ['?v=1', '?v=1'],
  ['', '?v=1'],
  ['?query=443&range=1h', '?v=1&query=443&range=1h'],
  [
    '?from=2026-11-25T08:00:00Z&to=2026-11-25T09:00:00Z&range=1h',
    '?v=1&from=2026-11-25T08%3A00%3A00.000Z&to=2026-11-25T09%3A00%3A00.000Z',
  ],
  ['?region=ap-guangzhou&columns=time,bytes,bytes', '?region=ap-guangzhou&v=1&columns=time%2Cbytes'],
  ['?sort=asc&tab=records&record=1795600000000.17&refresh=5', null],
  ['?range=99999d&refresh=1&sort=up&columns=<b>&record=x', '?v=1'],
])('the address %s is written as %s', (address, expected) => {
  expect(rewritten(address)).toBe(expected ?? `?v=1&${address.slice(1)}`)
})

test('what is written reads back as the same view', () => {
  const view = viewOf(readSearchParameters(parseSearch('?query=a%7CSELECT+1&from=2026-01-01&to=2026-01-02')))
  expect(viewOf(readSearchParameters(parametersOf(view)))).toEqual(view)
})

test('a relative range ends now', () => {
  expect(resolved({ kind: 'relative', length: '15m' }, 1_000_000)).toEqual({ from: 100_000, to: 1_000_000 })
})

test.each([
  ['-6h', '6h'],
  ['7 D', '7d'],
  ['0m', undefined],
  ['1y', undefined],
])('the text %s names the range %s', (text, expected) => {
  expect(relativeRange(text)).toEqual(expected && { kind: 'relative', length: expected })
})

test('shifting moves by one length, zooming out triples it and stops at now', () => {
  expect(shifted({ from: 10_000, to: 20_000 }, -1)).toMatchObject({ from: 0, to: 10_000 })
  expect(zoomedOut({ from: 10_000, to: 20_000 }, 90_000)).toMatchObject({ from: 0, to: 30_000 })
  expect(zoomedOut({ from: 30_000, to: 40_000 }, 40_000)).toMatchObject({ from: 10_000, to: 40_000 })
})

test.each([
  [5 * 60_000, 5000],
  [15 * 60_000, 10_000],
  [3_600_000, 60_000],
  [86_400_000, 900_000],
  [7 * 86_400_000, 7_200_000],
])('a range of %d ms is counted in steps of %d ms', (length, expected) => {
  expect(intervalFor({ from: 0, to: length })).toBe(expected)
})

test('a drawn range is widened to whole bars', () => {
  expect(snapped({ from: 1234, to: 5678 }, 1000)).toEqual({ from: 1000, to: 6000 })
})

test('refused records are found by the start of their bar', () => {
  const all = [0, 1, 2].map(index => ({ BTime: index * 10, Count: index }))
  const bars = barsOf(10, all, [{ BTime: 20, Count: 1 }])
  expect(bars).toMatchObject({ startsMs: [0, 10, 20], totals: [0, 1, 2], refused: [0, 0, 1] })
  expect(highest(bars)).toEqual({ startMs: 20, count: 2 })
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [1_048_575, '1.00 MiB'],
  [123_456_789, '118 MiB'],
])('%d bytes are %s', (value, expected) => {
  expect(bytes(value)).toBe(expected)
})

test('numbers get their names', () => {
  expect([protocolName('6'), protocolName('253')]).toEqual(['TCP', '253'])
  expect([tcpFlags(18), tcpFlags(0)]).toEqual(['SYN ACK', '0'])
  expect(icmpMessage(8 * 256)).toEqual({ type: 8, code: 0 })
  expect(endpoint('2001:db8::1', '443')).toBe('[2001:db8::1]:443')
  expect(fieldText('packets', '1234567', 'en')).toBe('1,234,567')
  expect(fieldText('reject-rule', '1234567', 'en')).toBe('1234567')
})

test('the day is shown only when a range has several', () => {
  const at = new Date(2026, 10, 25, 14, 3, 12).getTime()
  expect([300_000, 3_600_000, 7 * 86_400_000].map(length => shortMoment(at, length))).toEqual([
    '14:03:12',
    '14:03',
    '11-25 14:03',
  ])
})

test('a name that joins no fields is the column of a field', () => {
  expect(columnNamed('source').fields).toEqual(['srcaddr', 'srcport'])
  expect(columnNamed('bytes')).toMatchObject({ fields: ['bytes'], align: 'end' })
  expect(toggled(['time', 'bytes'], 'time')).toEqual(['bytes'])
  expect(toggled(['time'], 'bytes')).toEqual(['time', 'bytes'])
})

test('ports are named, packets are counted', () => {
  expect(['dstport', 'start_ms', 'packets', 'n'].map(isAmount)).toEqual([false, false, true, true])
  expect([decimal(639131.42953, 'en'), decimal(0.000123456, 'en')]).toEqual(['639,131.43', '0.000123'])
})

test('CSV quotes what must be, and lets no cell run as a formula', () => {
  const rows = [
    ['a,b', 'say "x"', null],
    ['=1+1', '-5', '-x'],
  ]
  const lines = ['one,two,three', '"a,b","say ""x""",', "'=1+1,-5,'-x"]
  expect(csvOf(['one', 'two', 'three'], rows)).toBe(lines.join('\r\n'))
})

test('a record has a place that names it again, whatever its JSON', () => {
  const found = { Time: 5, PkgLogId: '7', HostName: '', Source: 'nat-1' }
  const empty = {
    TopicId: '',
    TopicName: '',
    FileName: '',
    PkgId: '',
    HighLights: [],
    RawLog: '',
    IndexStatus: '',
  }
  const record = recordOf({ ...empty, ...found, LogJson: '{"bytes":"60","dst-asn":13335}' })
  expect([record.place, record.gateway, record.fields.get('dst-asn')]).toEqual(['5.7', 'nat-1', '13335'])
  expect(recordOf({ ...empty, ...found, LogJson: 'no JSON' }).fields.size).toBe(0)
})
