import { screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { barriers, show } from '../testing/show'
import { Button } from './button'
import { ConfirmDialog } from './dialog'

function Page({ onConfirm }: { onConfirm(): void }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button onPress={() => setOpen(true)}>Open</Button>
      {isOpen && (
        <ConfirmDialog
          title="Delete edge?"
          deed="Delete"
          isPending={false}
          error={new Error('the server said no')}
          onConfirm={onConfirm}
          onClose={() => setOpen(false)}
        >
          It is gone then.
        </ConfirmDialog>
      )}
    </>
  )
}

test('a question is read with its title, says what failed, and escape takes it back', async () => {
  const { user } = show(<Page onConfirm={() => {}} />)
  await user.click(screen.getByRole('button', { name: 'Open' }))
  expect(screen.getByRole('alertdialog', { name: 'Delete edge?' })).toBeTruthy()
  expect(screen.getByRole('alert').textContent).toContain('the server said no')
  expect(await barriers()).toEqual([])
  await user.keyboard('{Escape}')
  expect(screen.queryByRole('alertdialog')).toBeNull()
})

test('only the deed does it', async () => {
  let done = 0
  const { user } = show(
    <Page
      onConfirm={() => {
        done += 1
      }}
    />,
  )
  await user.click(screen.getByRole('button', { name: 'Open' }))
  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(done).toBe(0)
  await user.click(screen.getByRole('button', { name: 'Open' }))
  await user.click(screen.getByRole('button', { name: 'Delete' }))
  expect(done).toBe(1)
})
