/** Dialogs: a form over the page, and the question before what cannot be undone. */

import type { FormEvent, ReactNode } from 'react'
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from 'react-aria-components'
import { useWords } from '../words/words'
import { Button, type ButtonKind, IconButton } from './button'
import styles from './dialog.module.css'
import { ErrorNotice } from './notice'

export type DialogProps = {
  title: string
  onClose(): void
  children: ReactNode
  /** Buttons below; each says what it does. */
  footer?: ReactNode
  size?: 'narrow' | 'wide'
  /** A question that interrupts is an `alertdialog`. */
  role?: 'dialog' | 'alertdialog'
  /** Makes the whole a form. */
  onSubmit?(): void
}

/** An open dialog: render it only while it is wanted, so that it starts fresh each time. */
export function Dialog({
  title,
  onClose,
  children,
  footer,
  onSubmit,
  size = 'narrow',
  role = 'dialog',
}: DialogProps) {
  const { common } = useWords()
  const content = (
    <>
      <div className={styles.body}>{children}</div>
      {footer && <div className={styles.foot}>{footer}</div>}
    </>
  )
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSubmit?.()
  }
  return (
    <ModalOverlay
      isOpen
      isDismissable={false}
      onOpenChange={open => open || onClose()}
      className={styles.scrim ?? ''}
    >
      <Modal className={`${styles.modal} ${styles[size]}`}>
        <AriaDialog role={role} className={styles.dialog ?? ''}>
          <header className={styles.head}>
            <Heading slot="title" level={2}>
              {title}
            </Heading>
            <IconButton icon="close" label={common.close} onPress={onClose} />
          </header>
          {onSubmit ? (
            <form noValidate onSubmit={submit} className={styles.form}>
              {content}
            </form>
          ) : (
            content
          )}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  )
}

export type ConfirmDialogProps = {
  title: string
  children: ReactNode
  /** The deed, for example "Delete". */
  deed: string
  kind?: ButtonKind
  isPending: boolean
  error: Error | null
  onConfirm(): void
  onClose(): void
}

/** Asks before a deed; its title names what the deed is done to. */
export function ConfirmDialog({ title, children, deed, kind = 'danger', ...rest }: ConfirmDialogProps) {
  const { common } = useWords()
  const { isPending, error, onConfirm, onClose } = rest
  const footer = (
    <>
      <Button onPress={onClose} autoFocus>
        {common.cancel}
      </Button>
      <Button kind={kind} onPress={onConfirm} isPending={isPending}>
        {deed}
      </Button>
    </>
  )
  return (
    <Dialog role="alertdialog" title={title} onClose={onClose} footer={footer}>
      {error && <ErrorNotice error={error} />}
      {children}
    </Dialog>
  )
}
