/**
 * Lets people in: by the one-time link, or by name and password.
 *
 * Hides: the steps in between. Whoever has no password yet chooses one before going on.
 * Knows nothing of: how the session is kept; its cookie is out of reach of scripts.
 */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearch } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { askSession } from '../../api/ask'
import { call, type ResponseOf } from '../../api/client'
import { PreferencesMenu } from '../../shell/header'
import { useTitle } from '../../shell/page'
import { Pending } from '../../ui/marks'
import { Notice } from '../../ui/notice'
import { useWords } from '../../words/words'
import { ChoosePassword } from './choose-password'
import { SignInForm } from './sign-in-form'
import styles from './sign-in-page.module.css'
import { takeToken } from './token'

export function SignInPage() {
  const { signIn } = useWords()
  useTitle(signIn.title)
  return (
    <div className={styles.page}>
      <header className={styles.bar}>
        <PreferencesMenu />
      </header>
      <main className={styles.card}>
        <div className={styles.brand}>
          <img src="/mark.svg" alt="" width="36" height="36" />
          <div>
            <p className={styles.name}>natlens</p>
            <p className={styles.lead}>{signIn.lead}</p>
          </div>
        </div>
        <Steps />
      </main>
    </div>
  )
}

/** What the page asks for. */
type Step =
  | { step: 'link' }
  | { step: 'form'; linkRefused: boolean }
  | { step: 'choosePassword'; userName: string }
  | { step: 'done' }

function Steps() {
  const { signIn } = useWords()
  const { step, enter } = useSteps()
  switch (step.step) {
    case 'link':
    case 'done':
      return <Pending />
    case 'form':
      return (
        <>
          <h1>{signIn.title}</h1>
          {step.linkRefused && <Notice tone="bad">{signIn.linkFailed}</Notice>}
          <SignInForm onSignedIn={enter} />
        </>
      )
    case 'choosePassword':
      return (
        <ChoosePassword
          userName={step.userName}
          onSet={() => enter({ UserName: step.userName, MustSetPassword: false })}
        />
      )
  }
}

function useSteps() {
  const { next } = useSearch({ from: '/sign-in' })
  const router = useRouter()
  const queryClient = useQueryClient()
  const [step, setStep] = useState<Step>({ step: 'link' })
  const withToken = useMutation({ mutationFn: (Token: string) => call('natlens', 'SignIn', { Token }) })

  const enter = ({ UserName, MustSetPassword }: ResponseOf<'SignIn'>) => {
    if (MustSetPassword) return setStep({ step: 'choosePassword', userName: UserName })
    setStep({ step: 'done' })
    queryClient.clear()
    router.history.replace(next ?? '/flow-logs')
  }

  // A link works once: in development React runs effects twice, so the token is taken by the first run alone.
  const hasStarted = useRef(false)
  useEffect(() => {
    if (hasStarted.current) return
    hasStarted.current = true
    const token = takeToken()
    if (token !== undefined) {
      withToken.mutate(token, {
        onSuccess: enter,
        onError: () => setStep({ step: 'form', linkRefused: true }),
      })
      return
    }
    // Whoever is signed in already goes on, or still has to choose a password.
    void queryClient
      .fetchQuery({ ...askSession(), staleTime: 0, retry: false })
      .then(enter, () => setStep({ step: 'form', linkRefused: false }))
  })
  return { step, enter }
}
