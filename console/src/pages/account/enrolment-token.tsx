/** A token with which agents enrol, and the command that uses it. */

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { call } from '../../api/client'
import { Button } from '../../ui/button'
import { Copyable } from '../../ui/marks'
import { ErrorNotice, Notice } from '../../ui/notice'
import { Select } from '../../ui/select'
import { useTimeWords } from '../../words/time'
import { useWords } from '../../words/words'
import styles from './account-page.module.css'

/** Unit: hours; the API takes 1 to 720. */
const VALIDITIES = ['1', '24', '168', '720'] as const
type Validity = (typeof VALIDITIES)[number]

export function EnrolmentToken() {
  const { account } = useWords()
  const { moment } = useTimeWords()
  const [hours, setHours] = useState<Validity>('24')
  const create = useMutation({
    mutationFn: () => call('natlens', 'CreateEnrolmentToken', { ValidHours: Number(hours) }),
  })
  const nameOf = (text: string) =>
    Number(text) < 48 ? account.hours(Number(text)) : account.tokenDays(Number(text) / 24)
  return (
    <section className={styles.section} aria-labelledby="enrolment">
      <div className={styles.head}>
        <div>
          <h2 id="enrolment">{account.tokenTitle}</h2>
          <p className={styles.lead}>{account.tokenLead}</p>
        </div>
      </div>
      <div className={styles.row}>
        <Select
          label={account.tokenValid}
          options={VALIDITIES.map(id => ({ id, label: nameOf(id) }))}
          selected={hours}
          onSelect={setHours}
        />
        <Button onPress={() => create.mutate()} isPending={create.isPending}>
          {account.newToken}
        </Button>
      </div>
      {create.error && <ErrorNotice error={create.error} />}
      {create.data && (
        <div className={styles.made}>
          <Notice tone="good">{account.tokenMade(moment(create.data.Expires))}</Notice>
          <Copyable label={account.token} text={create.data.Token} />
          <Copyable
            label={account.tokenRun}
            text={`natlens agent --server ${window.location.origin} --enrolment-token ${create.data.Token}`}
          />
        </div>
      )}
    </section>
  )
}
