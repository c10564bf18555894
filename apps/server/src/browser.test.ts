import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { requires } from '@dragoman/testkit'
import { type Browser, chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startTestServer } from './test-server.ts'

const { skip, path: executablePath = '' } = requires('chromium')

describe.skipIf(skip)('in Chromium', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
    })
  })
  afterAll(() => browser?.close())

  test('the first page shows how to call the server, and asks for nothing from elsewhere', async () => {
    const facts = {
      version: '1.2.3',
      mode: 'open',
      providers: [{ id: 'groq', source: '<img src=x onerror=alert(1)>' }],
      defaultModel: 'a "b" <i>',
    } as const
    await using server = await startTestServer(undefined, { facts })
    const page = await browser.newPage()
    const trouble: string[] = []
    const asked: string[] = []
    page.on('console', (message) => trouble.push(message.text()))
    page.on('pageerror', (error) => trouble.push(String(error)))
    page.on('dialog', (dialog) => trouble.push(dialog.message()))
    page.on('request', (request) => asked.push(new URL(request.url()).origin))
    await page.goto(server.url)
    expect(await page.title()).toBe('Dragoman')
    const shown = await page.textContent('body')
    expect(shown).toContain(`${server.url}/v1`)
    expect(shown).toContain('<img src=x onerror=alert(1)>')
    expect(shown).toContain('a "b" <i>')
    expect(trouble).toEqual([])
    expect([...new Set(asked)].filter((origin) => origin !== 'null')).toEqual([server.url])
    await page.close()
  })

  const ask = async (url: string) => {
    try {
      const answer = await fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: 'Bearer x', 'content-type': 'application/json', 'x-stainless-lang': 'js' },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], stream: true }),
      })
      return `${answer.status} ${answer.headers.get('x-request-id')?.slice(0, 4)} ${(await answer.text()).slice(-8).trim()}`
    } catch (error) {
      return String(error)
    }
  }

  test('a chat UI on another port of this machine can stream, a foreign page cannot', async () => {
    await using server = await startTestServer()
    const site = createServer((_request, response) => response.end('<!doctype html>')).listen(0, '127.0.0.1')
    const port = await new Promise<number>((resolve) =>
      site.once('listening', () => resolve((site.address() as AddressInfo).port)),
    )
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    expect(await page.evaluate(ask, server.url)).toMatch(/^200 req_ .*\[DONE\]$/)
    await page.goto('data:text/html,<p>foreign')
    expect(await page.evaluate(ask, server.url)).toContain('Failed to fetch')
    await page.close()
    site.close()
    site.closeAllConnections()
  })
})
