/** What belongs to the one who is signed in: access keys, tokens for agents, the password. */

import { useQuery } from '@tanstack/react-query'
import { askSession } from '../../api/ask'
import { Page } from '../../shell/page'
import { useWords } from '../../words/words'
import { AccessKeys } from './access-keys'
import styles from './account-page.module.css'
import { ChangePassword } from './change-password'
import { EnrolmentToken } from './enrolment-token'

export function AccountPage() {
  const { account } = useWords()
  const session = useQuery(askSession())
  const lead = session.data && account.lead(session.data.UserName, session.data.AccountId)
  return (
    <Page title={account.title} lead={lead}>
      <div className={styles.sections}>
        <EnrolmentToken />
        <AccessKeys />
        <ChangePassword userName={session.data?.UserName ?? ''} />
      </div>
    </Page>
  )
}
