/**
 * What a topic took in each hour of the last seven days.
 *
 * Hides: which hours are asked for.
 * Knows nothing of: how usage is counted.
 */

import { useQuery } from '@tanstack/react-query'
import { useParams } from '@tanstack/react-router'
import { ask } from '../../api/ask'
import type { Schema } from '../../api/client'
import { Page } from '../../shell/page'
import { useRegion } from '../../shell/region'
import { Empty, Pending } from '../../ui/marks'
import { ErrorNotice } from '../../ui/notice'
import { Cell, Column, Row, Table } from '../../ui/table'
import { useTimeWords } from '../../words/time'
import { useWords } from '../../words/words'
import { bytes } from '../search/format'

/** Unit: milliseconds. */
const HOUR = 3_600_000

const HOURS_SHOWN = 7 * 24

type Hour = Schema<'TopicUsage'>

export function UsagePage() {
  const { usage } = useWords()
  const { topic } = useParams({ from: '/shell/topics/$topic/usage' })
  const region = useRegion()
  // Whole hours, so that the question stays the same until the next one begins.
  const to = Math.ceil(Date.now() / HOUR) * HOUR
  const request = { TopicId: topic, From: to - HOURS_SHOWN * HOUR, To: to }
  const answer = useQuery(ask('natlens', 'DescribeTopicUsage', request, region))
  return (
    <Page title={usage.title(topic)} lead={usage.lead}>
      {answer.error && <ErrorNotice error={answer.error} retry={answer.refetch} />}
      {answer.isPending && <Pending />}
      {answer.data?.Hours.length === 0 && <Empty title={usage.none}>{null}</Empty>}
      {answer.data && answer.data.Hours.length > 0 && <UsageTable hours={answer.data.Hours} />}
    </Page>
  )
}

/** The numbers of an hour, in the order of the columns. */
const NUMBERS = [
  ['written', (hour: Hour) => bytes(hour.WrittenBytes)],
  ['indexed', (hour: Hour) => bytes(hour.IndexedBytes)],
  ['stored', (hour: Hour) => bytes(hour.StoredBytes)],
  ['queried', (hour: Hour) => bytes(hour.QueriedBytes)],
  ['requests', (hour: Hour) => hour.WriteRequests + hour.QueryRequests],
] as const

function UsageTable({ hours }: { hours: readonly Hour[] }) {
  const { columns, table } = useWords().usage
  const { day } = useTimeWords()
  return (
    <Table
      label={table}
      columns={
        <>
          <Column id="hour" isRowHeader>
            {columns.hour}
          </Column>
          {NUMBERS.map(([name]) => (
            <Column key={name} id={name} align="number">
              {columns[name]}
            </Column>
          ))}
        </>
      }
    >
      {hours.toReversed().map(hour => (
        <Row key={hour.Hour} id={String(hour.Hour)} textValue={day(hour.Hour)}>
          <Cell>{day(hour.Hour)}</Cell>
          {NUMBERS.map(([name, number]) => (
            <Cell key={name} label={columns[name]} align="number">
              {number(hour)}
            </Cell>
          ))}
        </Row>
      ))}
    </Table>
  )
}
