export default function ComparePage({ first, second }: { first: string; second: string }) {
  return (
    <main>
      {first}
      {second}
    </main>
  );
}
