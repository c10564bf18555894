/** Where Model Studio computes. A key works in one of these and nowhere else. */
export const regions = ['singapore', 'beijing', 'virginia', 'hongkong', 'tokyo'] as const

export type Region = (typeof regions)[number]

/** Addresses that all workspaces share; Tokyo has none. */
const shared: Readonly<Partial<Record<Region, string>>> = {
  singapore: 'https://dashscope-intl.aliyuncs.com',
  beijing: 'https://dashscope.aliyuncs.com',
  virginia: 'https://dashscope-us.aliyuncs.com',
  hongkong: 'https://cn-hongkong.dashscope.aliyuncs.com',
}

const zones: Readonly<Record<Region, string>> = {
  singapore: 'ap-southeast-1',
  beijing: 'cn-beijing',
  virginia: 'us-east-1',
  hongkong: 'cn-hongkong',
  tokyo: 'ap-northeast-1',
}

/** The address of the OpenAI-compatible API; undefined where a region is reached by a workspace only. */
export function baseUrlOf(region: Region, workspace?: string): string | undefined {
  const origin = workspace === undefined ? shared[region] : `https://${workspace}.${zones[region]}.maas.aliyuncs.com`
  return origin && `${origin}/compatible-mode/v1`
}
