/** Name and password. */

import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { call, type ResponseOf } from '../../api/client'
import { Button } from '../../ui/button'
import { TextField } from '../../ui/field'
import { ErrorNotice } from '../../ui/notice'
import { useWords } from '../../words/words'
import styles from './sign-in-page.module.css'

export function SignInForm({ onSignedIn }: { onSignedIn(answer: ResponseOf<'SignIn'>): void }) {
  const { signIn } = useWords()
  const [user, setUser] = useState('')
  const [password, setPassword] = useState('')
  const [isChecked, setChecked] = useState(false)
  const withPassword = useMutation({
    mutationFn: () => call('natlens', 'SignIn', { UserName: user.trim(), Password: password }),
    onSuccess: onSignedIn,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setChecked(true)
    if (user.trim() !== '' && password !== '') withPassword.mutate()
  }
  return (
    <form noValidate className={styles.form} onSubmit={submit}>
      {withPassword.error && <ErrorNotice error={withPassword.error} />}
      <TextField
        label={signIn.user}
        name="username"
        autoComplete="username"
        autoFocus
        value={user}
        onChange={setUser}
        wrong={isChecked && user.trim() === '' ? signIn.needUser : undefined}
      />
      <TextField
        label={signIn.password}
        name="password"
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        wrong={isChecked && password === '' ? signIn.needPassword : undefined}
      />
      <Button type="submit" kind="primary" isPending={withPassword.isPending}>
        {signIn.submit}
      </Button>
      <p className={styles.lead}>{signIn.firstTime}</p>
    </form>
  )
}
