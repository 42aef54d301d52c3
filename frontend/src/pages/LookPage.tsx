export default function LookPage({ type, artifact }: { type: string; artifact: string }) {
  return (
    <main>
      {type}
      {artifact}
    </main>
  );
}
