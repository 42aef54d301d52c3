/** The places of the designer, at the left edge of every page. */
import { Link, useLocation } from "wouter";
import { t } from "~/messages";
import { Icon, type IconName } from "~/ui/Icon";
import { Menu } from "~/ui/Menu";
import styles from "./App.module.css";
import { type Theme, useTheme } from "./theme";

const places: readonly { href: string; label: string; icon: IconName; below: RegExp }[] = [
  { href: "/", label: t.common.home, icon: "home", below: /^\/(drafts\/.*)?$/ },
  { href: "/runs", label: t.common.runs, icon: "runs", below: /^\/(runs|compare|look)(\/|$)/ },
  { href: "/machine", label: t.common.machine, icon: "machine", below: /^\/machine$/ },
];

const themeIcons: Readonly<Record<Theme, IconName>> = {
  system: "system",
  light: "sun",
  dark: "moon",
};

export function Rail() {
  const [location] = useLocation();
  const { theme, choose } = useTheme();
  return (
    <nav aria-label={t.common.pages} className={styles.rail}>
      <img src="/favicon.svg" alt="" width={28} height={28} className={styles.mark} />
      {places.map((place) => (
        <Link
          key={place.href}
          href={place.href}
          aria-current={place.below.test(location) ? "page" : undefined}
          className={styles.place}
        >
          <Icon name={place.icon} size={18} />
          {place.label}
        </Link>
      ))}
      <Menu
        label={t.common.theme}
        icon={themeIcons[theme]}
        look="quiet"
        className={styles.end}
        entries={(Object.keys(themeIcons) as Theme[]).map((name) => ({
          label: t.common.themes[name],
          checked: name === theme,
          onSelect: () => choose(name),
        }))}
      />
    </nav>
  );
}
