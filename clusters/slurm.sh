#!/usr/bin/env bash
# A cluster inside a Slurm allocation: head on its first node, workers on the others; it does one
# sweep, or several, and ends. From the project's folder, where .venv is (a shared disk):
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
# Two jobs may share a node, or a login node's address: ports follow from the job's number.
OFFSET=$((SLURM_JOB_ID % 1000))
PORT=$((20000 + OFFSET)) DASHBOARD=$((21000 + OFFSET)) TRACKING=$((22000 + OFFSET))
HEAD=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
HEAD_ADDRESS=$(srun --nodes 1 --nodelist "$HEAD" hostname -I | awk '{print $1}')

# This script runs on the first node; what is local to a node lies there, in NODE.
NODE=${TMPDIR:-/tmp}/sweeps-node-$SLURM_JOB_ID
finish() {
  trap - TERM EXIT
  [[ -z ${SUBMISSION:-} ]] || sweeps stop "$SUBMISSION" --address "http://127.0.0.1:$DASHBOARD" || true
  sweeps node stop --home "$HOME_FOLDER"
  wait || true
}
trap finish TERM EXIT

sweeps node head --home "$HOME_FOLDER" \
  --port "$PORT" --dashboard-port "$DASHBOARD" --tracking-port "$TRACKING"

if ((SLURM_JOB_NUM_NODES > 1)); then
  srun --nodes $((SLURM_JOB_NUM_NODES - 1)) --exclude "$HEAD" \
    sweeps node join "$HEAD_ADDRESS:$PORT" --home "$NODE" --data "$HOME_FOLDER/data" --block &
fi

SUBMISSION=$(sweeps submit "$@" --address "http://127.0.0.1:$DASHBOARD" | tail -n 1)
sweeps logs "$SUBMISSION" -f --address "http://127.0.0.1:$DASHBOARD" &
wait $!
SUBMISSION=
