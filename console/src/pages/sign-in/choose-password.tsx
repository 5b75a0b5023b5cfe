/** The step after the one-time link: the link will not work again, so a password is needed. */

import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { call } from '../../api/client'
import { Button } from '../../ui/button'
import { ErrorNotice } from '../../ui/notice'
import { useWords } from '../../words/words'
import { useNewPassword } from './new-password'
import styles from './sign-in-page.module.css'

export function ChoosePassword({ userName, onSet }: { userName: string; onSet(): void }) {
  const { signIn } = useWords()
  const { fields, take } = useNewPassword()
  const setPassword = useMutation({
    mutationFn: (Password: string) => call('natlens', 'SetPassword', { Password }),
    onSuccess: onSet,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const password = take()
    if (password !== undefined) setPassword.mutate(password)
  }
  return (
    <>
      <h1>{signIn.setPasswordTitle}</h1>
      <p className={styles.lead}>{signIn.setPasswordLead(userName)}</p>
      <form noValidate className={styles.form} onSubmit={submit}>
        {setPassword.error && <ErrorNotice error={setPassword.error} />}
        {/* Lets password managers know whose password this is. */}
        <input type="text" name="username" autoComplete="username" value={userName} readOnly hidden />
        {fields}
        <Button type="submit" kind="primary" isPending={setPassword.isPending}>
          {signIn.setPassword}
        </Button>
      </form>
    </>
  )
}
