/** Whether a text that should have been JSON or events is a web page. */
export function isHtml(contentType: string, text: string): boolean {
  if (contentType === 'text/html' || contentType === 'application/xhtml+xml') return true
  return /^\s*(<!doctype html|<html[\s>]|<head[\s>])/i.test(text.slice(0, 1024))
}

/** What a page calls itself. The rest of it is never shown. */
export function titleOf(html: string): string | undefined {
  const [, title] = /<title[^>]*>([^<]+)/i.exec(html) ?? []
  return title?.trim() || undefined
}

// Parts of the machinery. A page's words ("Just a moment...") are not enough: maintenance pages use them too.
const MARKS = [
  'cdn-cgi/challenge-platform',
  'cf-chl',
  'cf_chl_opt',
  'awswaf.com',
  'aliyun_waf',
  '_waf_bd8ce2ce37',
  'x5secdata',
  'geetest',
  'captcha-delivery.com',
  'px-captcha',
  'hcaptcha.com',
  'google.com/recaptcha',
  'challenges.cloudflare.com',
  'ddos-guard',
  '_incapsula_resource',
]

/** Whether a response asks for a captcha or a browser check. */
export function isChallenge(headers: Headers, contentType: string, text: string): boolean {
  if (headers.get('cf-mitigated') === 'challenge') return true
  if (/^(challenge|captcha)$/.test(headers.get('x-amzn-waf-action') ?? '')) return true
  if (!isHtml(contentType, text)) return false
  const page = text.toLowerCase()
  return MARKS.some((mark) => page.includes(mark))
}
