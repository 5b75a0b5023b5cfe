/**
 * The way of a flow through the gateway: from whom, as whom, to whom, and how much each way.
 *
 * Hides: its drawing.
 * Knows nothing of: other fields.
 */

import { usePreferences } from '../../state/preferences'
import { useWords } from '../../words/words'
import { bytes, count, endpoint, icmpMessage, isIcmp, protocolName } from './format'
import type { FoundRecord } from './record'
import styles from './record-details.module.css'

export function RecordPath({ record }: { record: FoundRecord }) {
  const { common, search } = useWords()
  const value = (field: string) => record.fields.get(field)
  const protocol = value('protocol') ?? ''
  const hasNoPorts = isIcmp(protocol)
  const end = (address: string, port: string) => {
    const written = value(address)
    return written === undefined ? undefined : endpoint(written, hasNoPorts ? undefined : value(port))
  }
  const source = end('srcaddr', 'srcport')
  const destination = end('dstaddr', 'dstport')
  if (source === undefined || destination === undefined) return null

  const translatedSource = end('natsrcaddr', 'natsrcport')
  const translatedDestination = end('natdstaddr', 'natdstport')
  const rule = value('reject-rule')
  const { type, code } = icmpMessage(Number(value('dstport') ?? 0))
  return (
    <ol className={styles.path}>
      <Stop name={search.details.source} end={source}>
        <Counts packets={value('packets')} bytes={value('bytes')} way={search.details.forward} />
      </Stop>
      <Stop
        name={search.details.through(record.gateway, translatedSource !== undefined)}
        end={translatedSource}
      >
        {rule && common.named(search.details.rule, rule)}
      </Stop>
      <Stop name={search.details.destination} end={destination}>
        {translatedDestination !== undefined && translatedDestination !== destination && (
          <span>
            {search.details.translated} <code>{translatedDestination}</code>
          </span>
        )}
        <Counts packets={value('reply-packets')} bytes={value('reply-bytes')} way={search.details.reply} />
      </Stop>
      <li className={styles.protocol}>
        {hasNoPorts ? search.details.message(protocolName(protocol), type, code) : protocolName(protocol)}
      </li>
    </ol>
  )
}

type StopProps = { name: string; end: string | undefined; children?: React.ReactNode }

function Stop({ name, end, children }: StopProps) {
  return (
    <li className={styles.stop}>
      <span className={styles.stopName}>{name}</span>
      {end !== undefined && <code className={styles.stopEnd}>{end}</code>}
      <span className={styles.stopNote}>{children}</span>
    </li>
  )
}

type CountsProps = { packets: string | undefined; bytes: string | undefined; way: string }

function Counts({ packets, bytes: sent, way }: CountsProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  if (packets === undefined || sent === undefined) return null
  const number = count(Number(packets), language)
  const packetsText = packets === '1' ? search.details.onePacket : search.details.packets(number)
  return <span>{search.details.counts(way, packetsText, bytes(Number(sent)))}</span>
}
