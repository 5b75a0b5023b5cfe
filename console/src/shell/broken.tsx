/** What stands where a page broke. */

import type { ErrorComponentProps } from '@tanstack/react-router'
import { ApiError } from '../api/client'
import { Button } from '../ui/button'
import { ErrorNotice, Notice } from '../ui/notice'
import { useWords } from '../words/words'
import { Page } from './page'

export function Broken({ error, reset }: ErrorComponentProps) {
  const { errors } = useWords()
  if (error instanceof ApiError) {
    return (
      <Page title={errors.title}>
        <ErrorNotice error={error} retry={reset} />
      </Page>
    )
  }
  return (
    <Page title={errors.pageTitle}>
      <Notice tone="bad" title={errors.pageBody} action={<Button onPress={reload}>{errors.reload}</Button>}>
        <code>{String(error)}</code>
      </Notice>
    </Page>
  )
}

// A page that broke may be older than the server: its parts may be gone, so only a reload helps.
function reload() {
  window.location.reload()
}
