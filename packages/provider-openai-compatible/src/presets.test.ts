import { expect, test } from 'vitest'
import { options, resolve } from './options.ts'
import { presetIds, presets } from './presets.ts'

test.each(presetIds)('%s is complete', (id) => {
  const preset = presets[id]
  if (preset.baseUrl === undefined) {
    expect(preset.note).toContain('baseUrl')
  } else {
    expect(options.safeParse({ baseUrl: preset.baseUrl }).success).toBe(true)
    expect(preset.baseUrl).not.toMatch(/\/$/)
    expect(resolve({ preset: id }).baseUrl).toBe(preset.baseUrl)
  }
  if (preset.local) {
    expect(preset.baseUrl).toBe(`http://127.0.0.1:${preset.local.port}/v1`)
    expect(preset).not.toHaveProperty('defaultModel')
  } else {
    expect(preset.baseUrl ?? 'https://').toMatch(/^https:\/\//)
    expect(preset.keyVariables.length).toBeGreaterThan(0)
    expect(preset.keysAt).toBeDefined()
  }
  if (preset.models) expect(preset.models).toContain(preset.defaultModel)
})

test('no two presets listen for the same variable or on the same port', () => {
  const variables = presetIds.flatMap((id) => presets[id].keyVariables)
  const ports = presetIds.flatMap((id) => presets[id].local?.port ?? [])
  expect(new Set(variables).size).toBe(variables.length)
  expect(new Set(ports).size).toBe(ports.length)
})
