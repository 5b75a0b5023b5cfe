/** What belongs to the one who is signed in: access keys, tokens for agents, the password. */

import { useQuery } from '@tanstack/react-query'
import { askSession } from '../../api/ask'
import { Page } from '../../shell/page'
import { useMayChange } from '../../shell/role'
import { useWords } from '../../words/words'
import { AccessKeys } from './access-keys'
import styles from './account-page.module.css'
import { ChangePassword } from './change-password'
import { EnrolmentToken } from './enrolment-token'

export function AccountPage() {
  const { account } = useWords()
  const session = useQuery(askSession())
  const mayChange = useMayChange()
  const { data } = session
  const lead = data && account.lead(data.UserName, data.Role, data.AccountId)
  return (
    <Page title={account.title} lead={lead}>
      <div className={styles.sections}>
        {mayChange && <EnrolmentToken />}
        <AccessKeys />
        <ChangePassword userName={data?.UserName ?? ''} />
      </div>
    </Page>
  )
}
