/**
 * The answer: the table of the SQL or the records, and one record beside them.
 *
 * Hides: which of them is shown, loading more.
 * Knows nothing of: how tables look.
 */

import type { Schema } from '../../api/client'
import { partsOf } from '../../query/condition'
import { usePreferences } from '../../state/preferences'
import { Button } from '../../ui/button'
import { ErrorNotice, Notice } from '../../ui/notice'
import { TabPanel, Tabs } from '../../ui/tabs'
import { useWords } from '../../words/words'
import { AnswerTable } from './answer-table'
import { AnswerTold, DownloadButton } from './answer-told'
import { RECORDS_MAX, useAnalysis, useHistogramTotal, useRecordAt, useRecords } from './answers'
import { count, day } from './format'
import { NothingFound, Outcome } from './outcome'
import type { FoundRecord } from './record'
import { RecordDetails } from './record-details'
import { RecordTable } from './record-table'
import styles from './search-page.module.css'
import type { SearchState } from './search-state'
import { useArrived } from './use-arrived'

export type AnswerPartProps = { page: SearchState; fields: readonly Schema<'RecordField'>[] }

export function AnswerPart({ page, fields }: AnswerPartProps) {
  const { search } = useWords()
  const hasSql = partsOf(page.view.query).sql !== undefined
  if (!hasSql) return <RecordsPart page={page} fields={fields} />
  const tabs = [
    { id: 'answer' as const, label: search.answer.tab },
    { id: 'records' as const, label: search.records.tab },
  ]
  return (
    <div className={styles.answers}>
      <Tabs label={search.title} tabs={tabs} selected={page.view.tab} onSelect={tab => page.show({ tab })}>
        <TabPanel id="answer">
          <AnalysisPart page={page} />
        </TabPanel>
        <TabPanel id="records">
          <RecordsPart page={page} fields={fields} />
        </TabPanel>
      </Tabs>
    </div>
  )
}

function AnalysisPart({ page }: { page: SearchState }) {
  const analysis = useAnalysis(page.question)
  return (
    <Outcome page={page} answer={analysis}>
      {analysis.data && (
        <AnswerTable page={page} answer={analysis.data} isStale={analysis.isPlaceholderData} />
      )}
    </Outcome>
  )
}

function RecordsPart({ page, fields }: AnswerPartProps) {
  const answer = useRecords(page.question, page.view.sort)
  const records = answer.data?.records ?? NO_RECORDS
  const arrived = useArrived(answer.isPlaceholderData ? undefined : answer.data?.records, page)
  const { record } = page.view
  const openIndex = records.findIndex(({ place }) => place === record)
  const fetched = useRecordAt(page.question, record, answer.isSuccess && openIndex < 0)
  const open = records[openIndex] ?? (record === undefined ? undefined : fetched.data)
  const openAt = (index: number) => {
    const place = records[index]?.place
    return place === undefined ? undefined : () => page.replace({ record: place })
  }
  return (
    <div className={styles.records} data-open={record !== undefined || undefined}>
      <Outcome page={page} answer={answer}>
        {records.length === 0 ? (
          <NothingFound page={page} />
        ) : (
          <div className={styles.found}>
            <RecordTable
              records={records}
              columns={page.view.columns}
              isOneDay={day(page.question.range.from) === day(page.question.range.to)}
              sort={page.view.sort}
              open={record}
              arrived={arrived}
              isStale={answer.isPlaceholderData}
              onSort={sort => page.show({ sort })}
              onOpen={place => (record === undefined ? page.show : page.replace)({ record: place })}
            />
            <RecordsFoot page={page} shown={records.length} arrived={arrived.size} answer={answer} />
          </div>
        )}
      </Outcome>
      {open && (
        <RecordDetails
          page={page}
          fields={fields}
          record={open}
          onPrevious={openAt(openIndex - 1)}
          onNext={openIndex < 0 ? undefined : openAt(openIndex + 1)}
          onClose={() => page.show({ record: undefined })}
        />
      )}
      {record !== undefined && !open && fetched.isSuccess && <Gone page={page} />}
      {record !== undefined && !open && fetched.error && (
        <div className={styles.gone}>
          <ErrorNotice error={fetched.error} retry={fetched.refetch} />
        </div>
      )}
    </div>
  )
}

const NO_RECORDS: FoundRecord[] = []

function Gone({ page }: { page: SearchState }) {
  const { common, search } = useWords()
  const close = <Button onPress={() => page.replace({ record: undefined })}>{common.close}</Button>
  return (
    <div className={styles.gone}>
      <Notice tone="warn" action={close}>
        {search.details.gone}
      </Notice>
    </div>
  )
}

type RecordsFootProps = {
  page: SearchState
  shown: number
  /** How many came with the last look. */
  arrived: number
  answer: ReturnType<typeof useRecords>
}

function RecordsFoot({ page, shown, arrived, answer }: RecordsFootProps) {
  const { search } = useWords()
  const { language } = usePreferences()
  const total = Math.max(shown, useHistogramTotal(page.question) ?? 0)
  const all = answer.hasNextPage
    ? search.records.shown(count(shown, language), count(total, language))
    : search.records.all
  return (
    <footer className={styles.foot}>
      <span role="status">
        {shown >= RECORDS_MAX ? search.records.limit(count(RECORDS_MAX, language)) : all}
        {arrived > 0 && (
          <strong className={styles.arrived}>{search.records.arrived(count(arrived, language))}</strong>
        )}
      </span>
      {answer.hasNextPage && (
        <Button
          kind="quiet"
          isPending={answer.isFetchingNextPage}
          onPress={() => void answer.fetchNextPage()}
        >
          {search.records.more}
        </Button>
      )}
      <DownloadButton
        question={page.question}
        query={partsOf(page.question.query).search}
        sort={page.view.sort}
      />
      <AnswerTold scanned={answer.data?.scanned} />
    </footer>
  )
}
