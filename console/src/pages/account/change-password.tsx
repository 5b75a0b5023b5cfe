/** Changes the password of the one who is signed in. */

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { call } from '../../api/client'
import { Button } from '../../ui/button'
import { TextField } from '../../ui/field'
import { ErrorNotice } from '../../ui/notice'
import { toast } from '../../ui/toast'
import { useWords } from '../../words/words'
import { useNewPassword } from '../sign-in/new-password'
import styles from './account-page.module.css'

export function ChangePassword({ userName }: { userName: string }) {
  const { account } = useWords()
  const [old, setOld] = useState('')
  const { fields, take, clear } = useNewPassword()
  const change = useMutation({
    mutationFn: (Password: string) => call('natlens', 'SetPassword', { OldPassword: old, Password }),
    onSuccess: () => {
      toast(account.passwordChanged)
      setOld('')
      clear()
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const password = take()
    if (password !== undefined) change.mutate(password)
  }
  return (
    <section className={styles.section} aria-labelledby="password">
      <h2 id="password">{account.passwordTitle}</h2>
      <form noValidate className={styles.form} onSubmit={submit}>
        {change.error && <ErrorNotice error={change.error} />}
        <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
        <TextField
          label={account.oldPassword}
          type="password"
          autoComplete="current-password"
          value={old}
          onChange={setOld}
        />
        {fields}
        <Button type="submit" isPending={change.isPending}>
          {account.changePassword}
        </Button>
      </form>
    </section>
  )
}
