/**
 * What an answer says of itself, and everything of it as a file.
 *
 * Hides: how a file that the server writes reaches the disk.
 * Knows nothing of: how the answer looks.
 */

import { useMutation } from '@tanstack/react-query'
import { fetchFile, type Schema } from '../../api/client'
import { usePreferences } from '../../state/preferences'
import { Button } from '../../ui/button'
import { ErrorNotice } from '../../ui/notice'
import { useWords } from '../../words/words'
import { type Question, whereOf } from './answers'
import { count } from './format'

/** How much was read for an answer; all of them are exact. */
export function AnswerTold({ scanned }: { scanned: Schema<'ScannedAmount'> | null | undefined }) {
  const { search } = useWords()
  const { language } = usePreferences()
  if (!scanned) return null
  const { Rows, RowsTotal, Segments } = scanned
  return (
    <span>
      {search.answer.read(count(Rows, language), count(RowsTotal, language), count(Segments, language))}
    </span>
  )
}

type DownloadButtonProps = {
  question: Question
  /** What is written: the search alone, or with its SQL. */
  query: string
  sort?: 'desc' | 'asc'
}

/** Writes the whole answer, however large, as CSV. */
export function DownloadButton({ question, query, sort }: DownloadButtonProps) {
  const { search } = useWords()
  const download = useMutation({
    mutationFn: () => {
      const request = { ...whereOf(question, query), Format: 'csv', Sort: sort ?? null }
      return fetchFile('natlens', 'DownloadLog', request, { region: question.region })
    },
    onSuccess: keep,
  })
  return (
    <>
      <Button kind="quiet" icon="download" isPending={download.isPending} onPress={() => download.mutate()}>
        {search.answer.download}
      </Button>
      {download.error && <ErrorNotice error={download.error} retry={() => download.mutate()} />}
    </>
  )
}

function keep(file: Blob): void {
  const address = URL.createObjectURL(file)
  const link = Object.assign(document.createElement('a'), { href: address, download: 'answer.csv' })
  link.click()
  URL.revokeObjectURL(address)
}
