/** Choosing a password: two fields that must match, and the rule that the server has. */

import { useState } from 'react'
import { TextField } from '../../ui/field'
import { useWords, type Words } from '../../words/words'

/** Unit: characters. */
const PASSWORD_LENGTH_MIN = 12
const PASSWORD_LENGTH_MAX = 256

type NewPassword = { first: string; second: string }

type Wrong = { first?: string; second?: string }

/** What is wrong with the password; empty when it can be sent. */
function wrongWith({ first, second }: NewPassword, { signIn }: Words): Wrong {
  if (first.length < PASSWORD_LENGTH_MIN) return { first: signIn.passwordTooShort }
  if (first.length > PASSWORD_LENGTH_MAX) return { first: signIn.passwordTooLong }
  if (first !== second) return { second: signIn.passwordsDiffer }
  return {}
}

/** The two fields, and `take`, which gives the password if it can be sent and shows what is wrong otherwise. */
export function useNewPassword() {
  const words = useWords()
  const [password, setPassword] = useState<NewPassword>({ first: '', second: '' })
  const [isChecked, setChecked] = useState(false)
  const wrong = isChecked ? wrongWith(password, words) : {}

  const take = (): string | undefined => {
    setChecked(true)
    return Object.keys(wrongWith(password, words)).length === 0 ? password.first : undefined
  }
  const clear = () => {
    setPassword({ first: '', second: '' })
    setChecked(false)
  }
  const fields = (
    <>
      <TextField
        label={words.signIn.newPassword}
        help={words.signIn.passwordRule}
        type="password"
        autoComplete="new-password"
        value={password.first}
        onChange={first => setPassword({ ...password, first })}
        wrong={wrong.first}
      />
      <TextField
        label={words.signIn.repeatPassword}
        type="password"
        autoComplete="new-password"
        value={password.second}
        onChange={second => setPassword({ ...password, second })}
        wrong={wrong.second}
      />
    </>
  )
  return { fields, take, clear }
}
