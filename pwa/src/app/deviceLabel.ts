/** How a device names itself in the list of devices: browser and system, as far as the browser says. */
export function deviceLabel(userAgent: string): string {
  const browsers: [RegExp, string][] = [
    [/MicroMessenger/, "WeChat"],
    [/ArkWeb/, "ArkWeb"],
    [/HuaweiBrowser/, "Huawei Browser"],
    [/MiuiBrowser/, "Mi Browser"],
    [/Edg\w*\//, "Edge"],
    [/Firefox\//, "Firefox"],
    [/Chrome\//, "Chrome"],
    [/Safari\//, "Safari"],
  ];
  const systems: [RegExp, string][] = [
    [/OpenHarmony|HarmonyOS/, "HarmonyOS"],
    [/Android/, "Android"],
    [/iPhone|iPad/, "iOS"],
    [/Windows/, "Windows"],
    [/Mac OS X/, "macOS"],
    [/Linux/, "Linux"],
  ];
  const first = (list: [RegExp, string][]): string => list.find(([sign]) => sign.test(userAgent))?.[1] ?? "";
  return [first(browsers), first(systems)].filter((name) => name !== "").join(", ") || "Browser";
}
