/** What stands where a page broke. */

import { type ErrorComponentProps, useRouter } from '@tanstack/react-router'
import { ApiError } from '../api/client'
import { Button } from '../ui/button'
import { ErrorNotice, Notice } from '../ui/notice'
import { useWords } from '../words/words'
import { Page } from './page'

export function Broken({ error }: ErrorComponentProps) {
  const { errors } = useWords()
  const router = useRouter()
  if (error instanceof ApiError) {
    // The route failed before its page was there, so the route is what is tried again.
    return (
      <Page title={errors.pageTitle}>
        <ErrorNotice error={error} retry={() => void router.invalidate()} />
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
