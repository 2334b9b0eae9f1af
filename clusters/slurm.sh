#!/usr/bin/env bash
# A cluster inside a Slurm allocation: head on its first node, workers on the others; it does one
# sweep and ends. From the project's folder, where .venv is, on a shared disk as the user's home:
#
#   sbatch --nodes 4 clusters/slurm.sh resnet20-cifar10 --set inits=3
#
# The same command again goes on where the last one stopped, and redoes nothing.
#SBATCH --job-name=sweeps
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --time=24:00:00
#SBATCH --output=sweeps-%j.log
# Ten minutes before the time is up the sweep is told to stop, and stores checkpoints:
#SBATCH --signal=B:TERM@600
set -euo pipefail

if (($# == 0)); then
  echo "usage: sbatch [--nodes N] clusters/slurm.sh SPEC [--set KEY=VALUE ...]" >&2
  exit 2
fi

PROJECT=${SLURM_SUBMIT_DIR:-$PWD}
HOME_FOLDER=${SWEEPS_HOME:-$PROJECT/.sweeps}  # on the shared disk: store, records, reports
export PATH="$PROJECT/.venv/bin:$PATH"
# Two jobs of a user may share a node: ports follow from the job's number.
OFFSET=$((SLURM_JOB_ID % 1000))
PORT=$((20000 + OFFSET)) DASHBOARD=$((21000 + OFFSET)) TRACKING=$((22000 + OFFSET))
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
HEAD_ADDRESS=$(srun --nodes 1 --nodelist "$HEAD" hostname -I | awk '{print $1}')

ADDRESS=http://127.0.0.1:$DASHBOARD

# This script runs on the first node. What it leaves running on others, Slurm ends.
finish() {
  trap - TERM EXIT
  [[ -z ${SUBMISSION:-} ]] || sweeps stop "$SUBMISSION" --address "$ADDRESS" || true
  sweeps node stop --home "$HOME_FOLDER"
}
trap finish TERM EXIT

sweeps node head --home "$HOME_FOLDER" \
  --port "$PORT" --dashboard-port "$DASHBOARD" --tracking-port "$TRACKING"

if ((SLURM_JOB_NUM_NODES > 1)); then
  srun --nodes $((SLURM_JOB_NUM_NODES - 1)) --exclude "$HEAD" sweeps node join "$HEAD_ADDRESS:$PORT" \
    --home "${TMPDIR:-/tmp}/sweeps-$SLURM_JOB_ID" --data "$HOME_FOLDER/data" --block &
fi

SUBMISSION=$(sweeps submit "$@" --address "$ADDRESS" | tail -n 1)
sweeps logs "$SUBMISSION" -f --address "$ADDRESS" & # in the background, so that TERM is heard
wait $!
