/** Buttons, and links that look like them. */

import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  Tooltip,
  TooltipTrigger,
} from 'react-aria-components'
import styles from './button.module.css'
import { Icon, type IconName } from './icon'

/** `primary` once a page, `danger` for what cannot be undone, `quiet` inside rows and bars. */
export type ButtonKind = 'primary' | 'plain' | 'quiet' | 'danger'

export type ButtonProps = Omit<AriaButtonProps, 'className' | 'style'> & {
  kind?: ButtonKind
  icon?: IconName
  ref?: Ref<HTMLButtonElement>
}

export function Button({ kind = 'plain', icon, children, ...button }: ButtonProps) {
  return (
    <AriaButton {...button} className={`${styles.button} ${styles[kind]}`}>
      {state => (
        <>
          {icon && <Icon name={icon} />}
          {typeof children === 'function' ? children(state) : children}
        </>
      )}
    </AriaButton>
  )
}

export type IconButtonProps = Omit<ButtonProps, 'children' | 'icon'> & { icon: IconName; label: string }

/** A button of one icon; its label is read aloud and shown as a tooltip. */
export function IconButton({ kind = 'quiet', icon, label, ...button }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500}>
      <AriaButton
        {...button}
        aria-label={label}
        className={`${styles.button} ${styles[kind]} ${styles.iconOnly}`}
      >
        <Icon name={icon} />
      </AriaButton>
      <Tooltip offset={6} className={styles.tooltip ?? ''}>
        {label}
      </Tooltip>
    </TooltipTrigger>
  )
}

type AnchorProps = AnchorHTMLAttributes<HTMLAnchorElement> & {
  kind?: ButtonKind
  icon?: IconName
  ref?: Ref<HTMLAnchorElement>
}

function Anchor({ kind = 'plain', icon, children, ...anchor }: AnchorProps) {
  return (
    <a {...anchor} className={`${styles.button} ${styles[kind]}`}>
      {icon && <Icon name={icon} />}
      {children}
    </a>
  )
}

/** A link to another page of the console that looks like a button. */
export const LinkButton = createLink(Anchor)
