export default function DraftPage({ draft }: { draft: string }) {
  return <main>{draft}</main>;
}
