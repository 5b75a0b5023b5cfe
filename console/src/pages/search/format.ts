/**
 * Values as people read them.
 *
 * Hides: units, clocks, names of numbers.
 * Knows nothing of: records, columns.
 */

import { PROTOCOLS } from '../../query/values'

const COUNTS = new Map<string, Intl.NumberFormat>()

/** A whole number with the separators of the language. */
export function count(value: number, language: string): string {
  let format = COUNTS.get(language)
  if (format === undefined) {
    format = new Intl.NumberFormat(language)
    COUNTS.set(language, format)
  }
  return format.format(value)
}

/** A number with at most three places after the point; small ones with three significant digits. */
export function decimal(value: number, language: string): string {
  const isSmall = value !== 0 && Math.abs(value) < 0.01
  const digits = isSmall ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 3 }
  return new Intl.NumberFormat(language, digits).format(value)
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const

/** Bytes with three significant digits, in powers of 1024. */
export function bytes(value: number): string {
  let scaled = value
  let unit = 0
  // 1023.5 would round to 1024 of the smaller unit.
  while (Math.abs(scaled) >= 1023.5 && unit < BYTE_UNITS.length - 1) {
    scaled /= 1024
    unit += 1
  }
  const digits = unit === 0 || Math.abs(scaled) >= 100 ? 0 : Math.abs(scaled) >= 10 ? 1 : 2
  return `${scaled.toFixed(digits)} ${BYTE_UNITS[unit]}`
}

/** `2026-11-25 14:03:12.123` on the clock of the browser's zone. */
export function moment(ms: number): string {
  const at = new Date(ms)
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':')
  return `${day(ms)} ${time}.${String(at.getMilliseconds()).padStart(3, '0')}`
}

/** `2026-11-25` in the browser's zone. */
export function day(ms: number): string {
  const at = new Date(ms)
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

type LengthUnit = 's' | 'm' | 'h' | 'd' | 'w'

/** `15 minutes` for `15m`, in the words of the language. */
export function lengthInWords(
  length: string,
  words: { unit: Record<LengthUnit, string>; units: Record<LengthUnit, string> },
): string {
  const number = Number.parseInt(length, 10)
  const unit = length.slice(-1) as LengthUnit
  return `${number} ${(number === 1 ? words.unit : words.units)[unit]}`
}

/** The length in the largest unit that divides it, for example `15m` or `2h`. */
export function shortLength(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['m', 60_000],
    ['s', 1000],
  ]
  const found = units.find(([, size]) => ms % size === 0)
  return found ? `${ms / found[1]}${found[0]}` : `${ms}ms`
}

/** A moment as short as it can be beside others of its range: the day only if the range has several. */
export function shortMoment(ms: number, rangeMs: number): string {
  const [date = '', time = ''] = moment(ms).split(' ')
  if (rangeMs > 86_400_000) return `${date.slice(5)} ${time.slice(0, 5)}`
  return rangeMs > 600_000 ? time.slice(0, 5) : time.slice(0, 8)
}

/** The browser's zone, for example `UTC+8`. */
export function zone(ms: number): string {
  const minutes = -new Date(ms).getTimezoneOffset()
  if (minutes === 0) return 'UTC'
  const hours = Math.trunc(Math.abs(minutes) / 60)
  const rest = Math.abs(minutes) % 60
  return `UTC${minutes < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${two(rest)}`}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}

/** `TCP` for 6; the number itself when it has no name here. */
export function protocolName(value: string): string {
  return PROTOCOLS.get(Number(value))?.toUpperCase() ?? value
}

/** `10.0.0.1:443`, `[2001:db8::1]:443`; the address alone without a port. */
export function endpoint(address: string, port: string | undefined): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

const TCP_FLAGS = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG', 'ECE', 'CWR'] as const

/** `SYN ACK` for 18. */
export function tcpFlags(value: number): string {
  const names = TCP_FLAGS.filter((_, bit) => (value & (1 << bit)) !== 0)
  return names.length === 0 ? '0' : names.join(' ')
}

/** Whether the protocol number is that of ICMP for IPv4 or IPv6. */
export function isIcmp(protocol: string | undefined): boolean {
  return protocol === '1' || protocol === '58'
}

/** Type and code of an ICMP message, which a record keeps as `type × 256 + code`. */
export function icmpMessage(port: number): { type: number; code: number } {
  return { type: port >> 8, code: port & 0xff }
}
