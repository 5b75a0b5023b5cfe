/** What an address without a page shows. */

import { Page } from '../../shell/page'
import { LinkButton } from '../../ui/button'
import { useWords } from '../../words/words'

export function NotFoundPage() {
  const { notFound } = useWords()
  return (
    <Page title={notFound.title} lead={notFound.body}>
      <div>
        <LinkButton to="/flow-logs">{notFound.home}</LinkButton>
      </div>
    </Page>
  )
}
