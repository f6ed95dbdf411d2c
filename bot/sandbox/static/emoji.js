// The emoji names that the page draws; any other name stays as it was written.

const EMOJI = {
  white_check_mark: "✅", heavy_check_mark: "✔️", ballot_box_with_check: "☑️", x: "❌", no_entry: "⛔", no_entry_sign: "🚫",
  warning: "⚠️", rotating_light: "🚨", hourglass: "⌛", hourglass_flowing_sand: "⏳", clock1: "🕐", alarm_clock: "⏰",
  question: "❓", exclamation: "❗", information_source: "ℹ️", bulb: "💡", memo: "📝", pencil: "📝", pencil2: "✏️", eyes: "👀",
  tada: "🎉", rocket: "🚀", fire: "🔥", sparkles: "✨", star: "⭐", heart: "❤️", wave: "👋", pray: "🙏", clap: "👏",
  thumbsup: "👍", "+1": "👍", thumbsdown: "👎", "-1": "👎", ok_hand: "👌", raised_hands: "🙌", slightly_smiling_face: "🙂",
  smile: "😄", thinking_face: "🤔", lock: "🔒", key: "🔑", bell: "🔔", inbox_tray: "📥", outbox_tray: "📤", package: "📦",
  moneybag: "💰", receipt: "🧾", credit_card: "💳", calendar: "📆", date: "📅", chart_with_upwards_trend: "📈", link: "🔗",
  arrow_right: "➡️", leftwards_arrow_with_hook: "↩️", repeat: "🔁", arrows_counterclockwise: "🔄", octagonal_sign: "🛑",
  red_circle: "🔴", large_green_circle: "🟢", large_yellow_circle: "🟡", large_blue_circle: "🔵", white_circle: "⚪",
  double_vertical_bar: "⏸️", arrow_forward: "▶️", robot_face: "🤖", busts_in_silhouette: "👥", bust_in_silhouette: "👤",
};

/** The character for an emoji's name (without colons), or null. */
export function emoji(name) {
  return Object.hasOwn(EMOJI, name) ? EMOJI[name] : null;
}
