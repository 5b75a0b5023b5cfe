import { screen } from '@testing-library/react'
import { useState } from 'react'
import { expect, test } from 'vitest'
import { barriers, show } from '../testing/show'
import { Select } from './select'

const OPTIONS = [
  { id: 'NAT', label: 'NAT gateway', note: 'Everything' },
  { id: 'VPC', label: 'VPC' },
] as const

function Page({ wrong }: { wrong?: string }) {
  const [selected, setSelected] = useState<'NAT' | 'VPC' | null>(null)
  return (
    <Select
      label="Scope"
      options={OPTIONS}
      selected={selected}
      onSelect={setSelected}
      placeholder="Choose"
      wrong={wrong}
    />
  )
}

test('a choice is shown without its note', async () => {
  const { user } = show(<Page />)
  await user.click(screen.getByRole('button', { name: /Scope/ }))
  const option = await screen.findByRole('option', { name: 'NAT gateway' })
  expect(await barriers()).toEqual([])
  await user.click(option)
  expect(screen.getByRole('button', { name: /Scope/ }).textContent).toBe('NAT gateway')
})

test('what is wrong is tied to the field', () => {
  show(<Page wrong="Choose one." />)
  const described = screen.getByRole('button', { name: /Scope/ }).getAttribute('aria-describedby') ?? ''
  const texts = described.split(' ').map(id => document.getElementById(id)?.textContent)
  expect(texts).toContain('Choose one.')
})
